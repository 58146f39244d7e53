"""
A search on a cluster
=====================

A search of scikit-learn runs its fits wherever joblib sends them. Here that is a Dask cluster of
two processes, which the script starts itself; `Client("tcp://address-of-the-scheduler:8786")`
reaches one of many machines, and nothing else changes. The scores are those of a search at home, to
the last bit.
"""

import matplotlib.pyplot as plt
import numpy as np
from distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sktime.datasets import load_airline

import skrnn

# %%
# The growth of an airline over a year, one month ahead.
y = load_airline()
growth = 100 * np.log(y / y.shift(12)).dropna()
X, target = skrnn.make_windows(growth, window=12)
scaling = {"target_scaler": "window", "seasonal_lag": 1}  # the change from the last growth rate
search = GridSearchCV(
    skrnn.LSTMRegressor(16, epochs=40, lr_schedule="cosine", random_state=0, **scaling),
    {"dropout": [0.0, 0.2, 0.4], "learning_rate": [0.003, 0.01]},
    scoring="neg_mean_absolute_error",
    cv=TimeSeriesSplit(4, test_size=12),
)


def main():
    # Each fit uses one core, so that processes do not get in each other's way.
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        parallel_config("dask", verbose=1),
    ):
        search.fit(X, target)


# Processes of the cluster import this file, and must not start clusters of their own.
if __name__ == "__main__":
    main()
    # In the folds that chose it, which flatters it a little.
    table = skrnn.compare(search.best_estimator_, X, target, sp=12, cv=search.cv)
    print(table.round(2))
    print(table.attrs["summary"])
    display = skrnn.GridSearchDisplay.from_search(search, figsize=(7, 4))
    display.colorbar_.set_label("Mean absolute error of growth, %")
    plt.show()
