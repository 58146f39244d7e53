"""Objects of Keras, and of classes of users, in copies of an estimator."""

import copy
import pickle

import pytest
from _engine import keras_reads_variables
from _own_objects import Absolute, LongHuber, OwnAdam, OwnMetric, Pinball
from _regressors import make
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

from skrnn.compat._keras import keras

pytestmark = keras_reads_variables

LOSSES = [Absolute(), Pinball(0.9), LongHuber(0.1), keras.losses.Huber(delta=0.1)]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
class TestCopies:
    def test_a_clone_learns_the_same(self, data, loss):
        X, y = data
        regressor = make(loss=loss).fit(X, y)
        other = clone(regressor)
        assert type(other.loss) is type(loss)
        assert other.loss is not loss
        assert not hasattr(other, "history_")
        assert_array_equal(other.fit(X, y).predict(X), regressor.predict(X))

    @pytest.mark.parametrize(
        "copied",
        [copy.copy, copy.deepcopy, lambda regressor: pickle.loads(pickle.dumps(regressor))],
        ids=["copy", "deepcopy", "pickle"],
    )
    def test_a_copy_predicts_and_learns_the_same(self, data, loss, copied):
        X, y = data
        regressor = make(loss=loss).fit(X, y)
        other = copied(regressor)
        assert type(other.loss) is type(loss)
        assert regressor.loss is loss
        assert_array_equal(other.predict(X), regressor.predict(X))
        assert_array_equal(other.fit(X, y).predict(X), regressor.predict(X))


@pytest.mark.parametrize(
    "params",
    [
        {"optimizer": OwnAdam(0.01)},
        {"metrics": OwnMetric()},
        {"metrics": [OwnMetric(), "r2"]},
        {"metrics": {"error": OwnMetric()}},
    ],
    ids=["optimizer", "metric", "list", "dict"],
)
def test_other_objects_of_classes_of_users(data, params):
    X, y = data
    regressor = make(**params).fit(X, y)
    assert all(getattr(regressor, name) is given for name, given in params.items())
    for name, given in params.items():
        assert repr(getattr(copy.copy(regressor), name)) == repr(given)
    for other in (clone(regressor), pickle.loads(pickle.dumps(regressor))):
        other.fit(X, y)
        assert_array_equal(other.predict(X), regressor.predict(X))
        assert other.history_.keys() == regressor.history_.keys()


def test_a_search(data):
    X, y = data
    search = GridSearchCV(make(loss=Pinball(0.9)), {"units": [2, 3]}, cv=KFold(2)).fit(X, y)
    expected = make(loss=Pinball(0.9), **search.best_params_).fit(X, y)
    assert_array_equal(search.predict(X), expected.predict(X))
    of_half = make(loss=Pinball(0.5), **search.best_params_).fit(X, y)
    assert (of_half.predict(X) != search.predict(X)).all()
