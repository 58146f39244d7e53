"""
A rare class in recordings of unequal length
============================================

Nine men say a vowel, several hundred times; a recording is a sequence of 7 to 29 steps of twelve
numbers. Which recordings are by speaker 8? Some one in ten is, so accuracy says nothing: the area
under the ROC curve, recall and precision do, and the threshold for an alarm is chosen by
`TunedThresholdClassifierCV`. The recordings, JapaneseVowels, come with sktime.

Speaker 8 is the one for whom the network helps most: for six of the other eight the linear model
is nearly as good.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import RocCurveDisplay, precision_score, recall_score, roc_auc_score
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sktime.datasets import load_japanese_vowels

from skrnn import LSTMClassifier, to_sequences

recordings, speakers = load_japanese_vowels(return_type="nested_univ")
X, y = to_sequences(recordings), speakers == "8"  # shorter ones are padded, and masked
train, test = slice(270), slice(270, None)  # the parts of the data set
print(f"{y[train].sum()} of {len(y[train])} recordings in training, {y[test].sum()} in the test.")

# %%
# The threshold maximises the F1 score over folds of the training part. A line cannot read
# sequences: logistic regression gets the mean and the spread over the steps of each.


def mean_and_spread(X):
    return np.hstack([np.nanmean(X, axis=1), np.nanstd(X, axis=1)])


line = make_pipeline(FunctionTransformer(mean_and_spread), StandardScaler(), LogisticRegression())
network = LSTMClassifier(32, epochs=40, lr_schedule="cosine", verbose=1, random_state=0)
models = {"logistic regression": line, "LSTM": network}
rows = {}
for name, model in models.items():
    tuned = TunedThresholdClassifierCV(model, scoring="f1", cv=3).fit(X[train], y[train])
    models[name], said = tuned, tuned.predict(X[test])
    rows[name] = {
        "ROC AUC": roc_auc_score(y[test], tuned.predict_proba(X[test])[:, 1]),
        "threshold": tuned.best_threshold_,
        "recall": recall_score(y[test], said),
        "precision": precision_score(y[test], said),
    }
table = pd.DataFrame(rows).T
print(table.round(3).to_string())

# %%
# The whole curves, and the thresholds that were chosen.
figure, ax = plt.subplots(figsize=(6, 5.5), layout="constrained")
for name, color in (("logistic regression", "C0"), ("LSTM", "C1")):
    curve_kwargs = {"color": color, "clip_on": False}
    RocCurveDisplay.from_estimator(
        models[name], X[test], y[test], ax=ax, name=name, curve_kwargs=curve_kwargs
    )
    said = models[name].predict(X[test])
    ax.plot(said[~y[test]].mean(), said[y[test]].mean(), "o", color=color, clip_on=False)
ax.plot([], [], "o", color="0.4", label="threshold chosen in training")
ax.plot([0, 1], [0, 1], ":", color="0.5", label="alarms at random")
ax.set(
    title="Is it speaker 8? 370 test recordings",
    xlabel="False-positive rate",
    ylabel="True-positive rate (recall)",
)
ax.legend(loc="lower right")
ax.grid(alpha=0.3)
network, line = table.loc["LSTM"], table.loc["logistic regression"]
print(
    f"The network finds {network['recall']:.0%} of the recordings of speaker 8, and "
    f"{network['precision']:.0%} of its alarms are right; of the line it is {line['recall']:.0%} "
    f"and {line['precision']:.0%}. Who never raises an alarm is right in {1 - y[test].mean():.0%} "
    "of all cases, and finds none."
)
plt.show()
