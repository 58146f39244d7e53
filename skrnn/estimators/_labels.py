"""Labels as users pass them, into ones and zeros, and outputs of a network back into labels."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from ..inputs._numbers import check_numbers
from ..models._target_form import TargetForm
from ..networks._kinds import HEADS
from ..scaling._columns import NoScaler
from ._rows import Rows
from ._targets import as_steps, check_missing, values_of_rows, values_of_steps

_LARGEST = sys.float_info.max  # in contrast to that of NumPy, it can be compared to any integer
_LABELS = str, bytes, Real | np.bool_


@dataclass(frozen=True)
class LabelTargets:
    """Labels, one per row or per step; the classes exclude each other.

    Of two classes the second has a column of ones and zeros, of more each has one.

    Attributes
    ----------
    every_step : bool
        Whether each step has a label.
    classes : ndarray of shape (n_classes,)
        Sorted.
    """

    every_step: bool
    classes: np.ndarray

    levels = ()

    @classmethod
    def learn(cls, y: Any, mask: np.ndarray, every_step: bool, classes: Any) -> LabelTargets:
        """Learn the classes of `y`, or take those that are given."""
        labels = _labels(y, mask, "y", every_step)
        found = np.unique(labels) if classes is None else _distinct(classes)
        if len(found) < 2:
            raise ValueError(
                f"y has one class only, {found.tolist()}: there is nothing to tell apart. Pass "
                "rows of at least two classes."
            )
        return cls(every_step, found)

    @property
    def head(self) -> str:
        """Name of the head of the network."""
        return "binary" if len(self.classes) == 2 else "categorical"

    @property
    def form(self) -> TargetForm:
        """What becomes of the outputs of the network: probabilities have no scale."""
        return TargetForm(NoScaler(), every_step=self.every_step)

    def read(self, y: Any, mask: np.ndarray, name: str = "y") -> np.ndarray:
        """Return ones and zeros."""
        codes = self._codes(_labels(y, mask, name, self.every_step), name)
        if len(self.classes) == 2:
            targets = codes[:, None].astype(float)
        else:
            targets = np.eye(len(self.classes))[codes]
        return _at_steps(targets, mask) if self.every_step else targets

    def encode(self, rows: Rows) -> np.ndarray:
        """Return ones and zeros; NaN at masked steps."""
        return rows.targets.astype(np.float32)

    def decode(self, outputs: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Return the probability of each class; NaN at masked steps."""
        return _probabilities(self.head, outputs, mask, self.every_step)

    def labels(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the most likely labels; NaN where probabilities are."""
        known = ~np.isnan(probabilities[..., 0])
        labels = self.classes[np.nan_to_num(probabilities).argmax(axis=-1)]
        if known.all():
            return labels
        labels = labels.astype(float if labels.dtype.kind in "iufb" else object)
        labels[~known] = np.nan
        return labels

    def weights(self, rows: Rows, class_weight: Any) -> np.ndarray:
        """Return the weight of the class of each row, or of each step."""
        codes = _codes_of(rows.targets)
        if isinstance(class_weight, dict):
            return _given_weights(class_weight, self.classes)[codes]
        counted = codes[rows.mask] if self.every_step else codes
        present = np.unique(counted)
        weights = np.ones(len(self.classes))
        weights[present] = compute_class_weight(class_weight, classes=present, y=counted)
        return weights[codes]

    def restore(self, targets: np.ndarray) -> np.ndarray:
        """Return labels; NaN at masked steps."""
        both = targets if targets.shape[-1] > 1 else np.concatenate([1.0 - targets, targets], -1)
        return self.labels(both)

    def columns(self, predictions: np.ndarray) -> np.ndarray:
        """Return the probability of the second of two classes, or of each of more."""
        return predictions[..., 1:] if len(self.classes) == 2 else predictions

    def strata(self, rows: Rows) -> np.ndarray:
        """Return the number of the class of each row; zero where every step has one."""
        return np.zeros(len(rows), int) if self.every_step else _codes_of(rows.targets)

    def check_same(self, classes: Any) -> None:
        """Raise unless classes are those that were learned."""
        if classes is not None and not np.array_equal(np.unique(classes), self.classes):
            raise ValueError(
                f"classes are {np.unique(classes)}, but in the first call they were "
                f"{self.classes}. Pass the same ones, or None."
            )

    def _codes(self, labels: np.ndarray, name: str) -> np.ndarray:
        try:
            place = np.minimum(np.searchsorted(self.classes, labels), len(self.classes) - 1)
            unknown = self.classes[place] != labels
        except TypeError:  # such as dates where there were numbers
            unknown = np.ones(len(labels), bool)
        if unknown.any():
            label = labels[unknown].tolist()[0]
            raise ValueError(
                f"{name} has the label {label!r}, which is none of the classes {self.classes}. "
                "Pass the labels of the first fit; partial_fit takes all of them as classes in its "
                "first call."
            )
        return place


@dataclass(frozen=True)
class MultilabelTargets:
    """Labels that do not exclude each other: a column of zeros and ones for each.

    Attributes
    ----------
    every_step : bool
        Whether each step has labels.
    n_labels : int
    """

    every_step: bool
    n_labels: int

    levels = ()
    head = "multilabel"

    @property
    def classes(self) -> np.ndarray:
        """The numbers of the columns."""
        return np.arange(self.n_labels)

    @property
    def form(self) -> TargetForm:
        """What becomes of the outputs of the network: probabilities have no scale."""
        return TargetForm(NoScaler(), every_step=self.every_step)

    def read(self, y: Any, mask: np.ndarray, name: str = "y") -> np.ndarray:
        """Return ones and zeros of shape (n_rows, n_labels), with an axis of steps between."""
        check_numbers(y, name, "Pass zeros and ones, or one column of labels")
        targets = values_of_steps(y, mask, name) if self.every_step else values_of_rows(y)
        if targets.shape[-1] != self.n_labels:
            raise ValueError(
                f"{name} has {targets.shape[-1]} labels, but {self.n_labels} were expected. Pass "
                "the columns that the first fit had."
            )
        wrong = ~np.isin(targets, (0.0, 1.0)) & ~np.isnan(targets)
        if wrong.any():
            row, column = (int(place) for place in np.argwhere(wrong)[0][[0, -1]])
            raise ValueError(
                f"{name} row {row}, column {column}: {targets[wrong][0]} is neither 0 nor 1. Where "
                "y has several columns, each is a label that a row has (1) or has not (0): pass "
                "zeros and ones, or one column of labels."
            )
        return targets

    def encode(self, rows: Rows) -> np.ndarray:
        """Return ones and zeros; NaN at masked steps."""
        return rows.targets.astype(np.float32)

    def decode(self, outputs: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Return the probability of each label; NaN at masked steps."""
        return _probabilities(self.head, outputs, mask, self.every_step)

    def labels(self, probabilities: np.ndarray) -> np.ndarray:
        """Return which labels are more likely than not; NaN where probabilities are."""
        labels = (probabilities > 0.5).astype(float)
        labels[np.isnan(probabilities)] = np.nan
        return labels if np.isnan(labels).any() else labels.astype(int)

    def weights(self, rows: Rows, class_weight: Any) -> np.ndarray:
        """Refuse: a row has several labels, or none."""
        raise ValueError(
            f"class_weight={class_weight!r} needs one label per row, but y has several columns of "
            "labels. Use sample_weight, or fit one classifier for each label."
        )

    def restore(self, targets: np.ndarray) -> np.ndarray:
        """Return zeros and ones; NaN at masked steps."""
        return self.labels(targets)

    def columns(self, predictions: np.ndarray) -> np.ndarray:
        """Return the probabilities as they are."""
        return predictions

    def strata(self, rows: Rows) -> np.ndarray:
        """Return zero for all rows."""
        return np.zeros(len(rows), int)

    def check_same(self, classes: Any) -> None:
        """Raise unless classes are those that were learned."""
        if classes is not None and not np.array_equal(np.asarray(classes), self.classes):
            raise ValueError(
                f"classes are {classes}, but y has {self.n_labels} columns of labels. Pass None."
            )


def learn_labels(
    y: Any, mask: np.ndarray, every_step: bool, classes: Any
) -> LabelTargets | MultilabelTargets:
    """Return how labels are read: one per row or step, or several columns of zeros and ones."""
    shape = np.asarray(y).shape
    if len(shape) > (2 if every_step else 1) and shape[-1] > 1:
        return MultilabelTargets(every_step, shape[-1])
    return LabelTargets.learn(y, mask, every_step, classes)


def _codes_of(targets: np.ndarray) -> np.ndarray:
    """Return the numbers of classes; any at masked steps."""
    targets = np.nan_to_num(targets)
    if targets.shape[-1] == 1:
        return targets[..., 0].astype(int)
    return targets.argmax(axis=-1)


def _labels(y: Any, mask: np.ndarray, name: str, every_step: bool) -> np.ndarray:
    labels = labels_of_steps(y, mask, name) if every_step else column_or_1d(y)
    _check_one_type(labels, name)
    check_classification_targets(labels)
    return labels


def _check_one_type(labels: np.ndarray, name: str) -> None:
    if labels.dtype != object:
        return
    kinds = {next((kind for kind in _LABELS if isinstance(one, kind)), None) for one in labels}
    if len(kinds) > 1 or None in kinds:
        odd = [label for label in labels if not isinstance(label, _LABELS)]
        what = f"holds {odd[0]!r}" if odd else "mixes strings and other labels"
        raise ValueError(
            f"{name} {what}. Use labels of one type: texts, whole numbers, or True and False."
        )


def _distinct(classes: Any) -> np.ndarray:
    """Return the classes that a user gives, sorted."""
    given = np.asarray(classes, dtype=object).ravel()
    texts = {isinstance(label, str) for label in given}
    if not len(given) or len(texts) > 1 or pd.isna(given).any():
        raise ValueError(
            f"classes={classes!r} are no labels of one type. Pass all labels that y will ever "
            "have, as in numpy.unique(y)."
        )
    return np.unique(classes)


def _at_steps(targets: np.ndarray, mask: np.ndarray) -> np.ndarray:
    steps = np.full((*mask.shape, targets.shape[1]), np.nan)
    steps[mask] = targets
    return steps


def _probabilities(
    head: str, outputs: np.ndarray, mask: np.ndarray, every_step: bool
) -> np.ndarray:
    decode = HEADS[head].decode
    assert decode is not None
    probabilities = decode(outputs)
    if every_step:
        probabilities[~mask] = np.nan
    return probabilities


def _given_weights(class_weight: dict[Any, float], classes: np.ndarray) -> np.ndarray:
    """Return the weights of a dict, in the order of the classes; one where there is none."""
    for label, weight in class_weight.items():
        if not isinstance(weight, Real) or not 0.0 <= weight <= _LARGEST:
            raise ValueError(
                f"class_weight of the class {label!r} is {weight!r}. Use a finite number that is "
                "not negative; zero leaves the class out of the loss."
            )
    weights = np.array([class_weight.get(label, 1.0) for label in classes.tolist()])
    unknown = set(class_weight) - set(classes.tolist())
    left_out = set(classes.tolist()) - set(class_weight)
    # A fold may lack a class; a name that is misspelt leaves another one out.
    if unknown and left_out:
        raise ValueError(
            f"class_weight has {sorted(unknown, key=str)}, which are none of the classes "
            f"{classes}. Use the labels of y as keys."
        )
    if not weights.any():
        raise ValueError(
            f"class_weight is zero for all classes {classes}: there is nothing to learn from. Give "
            "at least one of them a positive weight."
        )
    return weights.astype(float)


def labels_of_steps(y: Any, mask: np.ndarray, name: str = "y") -> np.ndarray:
    """Return the labels of the steps that are not masked, row by row, as one axis.

    Where labels can be missing (numbers with a decimal point, objects), they must be exactly where
    steps are masked. Integers and strings cannot: there any label stands at masked steps.

    Raises
    ------
    ValueError
        When the shape does not go with that of the sequences, or labels are missing elsewhere.
    """
    labels = as_steps(y, mask, name)
    labels = labels.reshape(mask.shape) if labels.size == mask.size else labels
    if labels.ndim != 2:
        raise ValueError(
            f"{name} has shape {labels.shape}: a classifier needs one label per step. Fit one "
            "classifier for each kind of label."
        )
    if labels.dtype.kind in "fO":
        check_missing(pd.isna(labels), mask, name)
    labels = labels[mask]
    _check_one_type(labels, name)
    return np.array(labels.tolist()) if labels.dtype == object else labels
