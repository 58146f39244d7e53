"""
The next value of a series, with a search
=========================================

How many lynx will be trapped next year, given the 24 years before? Windows go into
:class:`~skrnn.LSTMRegressor`, and `GridSearchCV` chooses its size and its epochs by the years at
the end of the training part. The last twenty years are kept out of the search, but not of the
choice of this window and of these scalers: with shorter windows ridge regression is as good.
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sktime.datasets import load_lynx

from skrnn import ForecastDisplay, LSTMRegressor, compare, last_windows, make_windows

series = load_lynx().rename("Lynx trapped per year")
X, y = make_windows(series, window=24)
# Numbers of animals grow and fall by factors, so the network sees logarithms.
scalers = {"input_scaler": "log", "target_scaler": "log"}
network = LSTMRegressor(**scalers, lr_schedule="cosine", random_state=0)
grid = {"units": [16, 64], "epochs": [30, 100]}
folds = TimeSeriesSplit(4, test_size=10)
search = GridSearchCV(network, grid, cv=folds, scoring="neg_mean_absolute_error", verbose=1)
search.fit(X[:-20], y[:-20])
print(f"Chosen: {search.best_params_}")

# %%
# The years that the search has not seen, beside what costs nothing: the number of last year, that
# of ten years ago, which is about the period of the cycle, and ridge regression.
table = compare(search.best_estimator_, X, y, sp=10, cv=TimeSeriesSplit(2, test_size=10))
print(table.round(2).to_string())
print(table.attrs["summary"])

# %%
# The picture, and the year after the last one.
display = ForecastDisplay.from_estimator(
    search, X[-20:], series[-20:], history=series[-60:-20], name="LSTM, one year ahead"
)
display.ax_.set(title="Lynx trapped in Canada, the last twenty years forecast", xlabel="Year")
display.ax_.grid(alpha=0.3)
print(f"After {series.index[-1]}: {search.predict(last_windows(series, 24)[0])[0]:.0f} lynx")
plt.show()
