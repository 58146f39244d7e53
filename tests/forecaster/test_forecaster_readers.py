"""Those who forecast while a forecaster is fitted or updated: they see one moment, whole."""

import threading
import time

import numpy as np
import pandas as pd
import pytest
from _forecaster import ALL, FH, announced_by_sktime, make, panel_of

from skrnn import SequenceScaler, SlidingWindowTransformer
from skrnn.forecasting._guarded import BaseForecaster

pytestmark = announced_by_sktime
ROUNDS = 6
# Of other level, times and shape: a mixture would be no forecast of either, or an error.
BEFORE, AFTER = ALL[:40], panel_of([44, 40])
READERS = {
    "predict": lambda it: it.predict(),
    "predict_quantiles": lambda it: it.predict_quantiles(alpha=[0.5]),
    "predict_residuals": lambda it: it.predict_residuals(),
}
SCALED = np.random.default_rng(0).normal(size=(6, 3, 1))


def text(forecast):
    return forecast.to_csv()


def read_while(change, read, known):
    """Read until all changes are made; return what was read, and not known."""
    done, seen = threading.Event(), []

    def go_on():
        while not done.is_set():
            try:
                seen.append(read())
            except Exception as error:
                seen.append(repr(error))

    reader = threading.Thread(target=go_on)
    reader.start()
    try:
        for number in range(ROUNDS):
            change()
            while len(seen) <= number:
                time.sleep(0.001)
    finally:
        done.set()
        reader.join()
    return set(seen) - known


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_forecasts_while_others_fit_belong_to_one_fit(read):
    forecaster = make(baselines=("ridge",), epochs=1)
    known = {text(read(forecaster.fit(y, fh=FH))) for y in (AFTER, BEFORE)}
    assert len(known) == 2

    def change():
        forecaster.fit(AFTER, fh=FH)
        forecaster.fit(BEFORE, fh=FH)

    assert not read_while(change, lambda: text(read(forecaster)), known)


@pytest.mark.parametrize("update_params", [True, False])
def test_forecasts_while_others_update_have_the_cutoff_of_their_data(update_params):
    """With the times of one moment and the values of the other, all would be off by a month."""
    forecaster, twin = (make(epochs=1, finetune_epochs=1).fit(BEFORE, fh=FH) for _ in range(2))
    known, ends = {text(twin.predict())}, iter(range(40, 40 + ROUNDS))
    for end in range(40, 40 + ROUNDS):
        twin.update(ALL[end : end + 1], update_params=update_params)
        known.add(text(twin.predict()))

    def change():
        end = next(ends)
        forecaster.update(ALL[end : end + 1], update_params=update_params)

    assert not read_while(change, lambda: text(forecaster.predict()), known)


@pytest.mark.parametrize("method", ["fit", "pretrain", "update"])
def test_within_a_change_nothing_has_changed_yet(method, monkeypatch):
    forecaster = make(epochs=1).fit(BEFORE, fh=FH)
    before, seen = dict(vars(forecaster)), []
    inner = {"fit": "_fit", "pretrain": "_pretrain_update", "update": "_update"}[method]
    original = getattr(type(forecaster), inner)

    def look(draft, *args, **kwargs):
        result = original(draft, *args, **kwargs)
        seen.append(dict(vars(forecaster)))
        return result

    monkeypatch.setattr(type(forecaster), inner, look)
    change = getattr(forecaster, method)
    result = change(ALL[40:42]) if method == "update" else change(AFTER, fh=FH)
    assert result is forecaster
    assert seen[0].keys() == before.keys()
    assert all(seen[0][name] is value for name, value in before.items())
    assert any(value is not before.get(name) for name, value in vars(forecaster).items())


def test_a_refused_update_leaves_what_sktime_changes_in_place():
    """The kind of table that forecasts have is kept in a dictionary of sktime's."""
    forecaster = make().fit(BEFORE, fh=FH)
    before = text(forecaster.predict())
    with pytest.raises(ValueError, match="does not go on"):
        forecaster.update(ALL[45:47].to_frame())
    assert text(forecaster.predict()) == before


def test_a_method_of_sktime_that_reads_is_a_reader_too():
    """All that returns forecasts is wrapped: none is left that reads attributes one by one."""
    own = type(make())
    wrapped = {name for name in dir(own) if name.startswith("predict")}
    assert all(hasattr(getattr(own, name), "__wrapped__") for name in wrapped)
    assert wrapped >= {name for name in dir(BaseForecaster) if name.startswith("predict")}


@pytest.mark.parametrize(
    ("transformer", "tables"),
    [
        (SlidingWindowTransformer(2), [BEFORE.to_frame(), BEFORE.to_frame().iloc[:-3] * 2]),
        (SequenceScaler(), [SCALED, 1e6 + 1e3 * SCALED]),
    ],
)
@pytest.mark.filterwarnings("ignore::skrnn.exceptions.PaddedWindowWarning")
def test_what_transforms_belongs_to_one_fit(transformer, tables):
    later = pd.DataFrame(ALL[40:42]) if isinstance(tables[0], pd.DataFrame) else SCALED
    known = {str(transformer.fit(table).transform(later)) for table in tables}
    assert len(known) == 2

    def change():
        for table in tables:
            transformer.fit(table)

    assert not read_while(change, lambda: str(transformer.transform(later)), known)
