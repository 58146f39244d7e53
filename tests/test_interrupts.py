"""Ctrl-C and a full memory at some calls within fit, update, transform and predict.

`scripts/interrupts` takes as many as there is time for.
"""

import importlib
import threading
from pathlib import Path

import pytest

import skrnn
from skrnn.compat import _keras_settings
from skrnn.compat._snapshot import changed_at_once
from skrnn.engines.jax._compile_cache import CompileCache

SCRIPTS = Path(skrnn.__file__).parents[1] / "scripts"
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # tiny networks are behind everything, and say so
    pytest.mark.skipif(not SCRIPTS.is_dir(), reason="installed without the scripts"),
]
# A case of each mechanism: the script has all.
SAMPLED = [
    *("LSTMRegressor.fit again", "LSTMClassifier.predict", "RecurrentRegressor.fit, cold"),
    *("Seq2SeqForecaster.fit again", "Seq2SeqForecaster.pretrain", "Seq2SeqForecaster.predict"),
    *("Seq2SeqForecaster with baselines.update", "Seq2SeqForecaster with baselines.predict"),
    *("SlidingWindowTransformer.fit again", "SlidingWindowTransformer.transform"),
    *("SequenceScaler.fit again",),
]


@pytest.fixture
def interrupts(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("_interrupts")


@pytest.mark.parametrize("name", SAMPLED)
def test_an_interrupt_leaves_no_half_state_and_no_lock(name, interrupts):
    (case,) = (case for case in interrupts.CASES if case.name == name)
    record = interrupts.interrupt_all([case], 600.0, most=3 if case.cold else 8)
    assert record.interrupts[name] >= 3
    assert not record.violations


def every_interrupt(interrupts, call):
    """Interrupt a call at one of its calls after the other; yield after each."""
    at = 0
    while True:
        interrupt = interrupts.Interrupt(KeyboardInterrupt, at)
        try:
            with interrupt:
                call()
        except KeyboardInterrupt:
            yield interrupt.place
        else:
            return
        at += 1


def test_a_lock_of_the_compile_cache_is_never_left_locked(interrupts):
    cache = CompileCache()

    def get():
        return cache.get("key", lambda: "value")

    for place in every_interrupt(interrupts, get):
        other = threading.Thread(target=get, daemon=True)
        other.start()
        other.join(30)
        assert not other.is_alive(), place
        cache.clear()
    assert get() == "value"


def test_settings_of_keras_come_back_wherever_their_user_is_interrupted(interrupts):
    keras = interrupts.keras

    def use():
        with _keras_settings.our_settings():
            pass

    keras.config.set_floatx("float16")
    try:
        places = []
        for place in every_interrupt(interrupts, use):
            assert keras.config.floatx() == "float16", place
            assert not _keras_settings._within, place
            places.append(place)
        assert len(places) > 5
        with _keras_settings.our_settings():
            assert keras.config.floatx() == "float32"
    finally:
        keras.config.set_floatx("float32")


class Subject:
    def __init__(self, **attributes):
        self.__dict__ = attributes


def test_a_change_at_once_is_whole_or_none(interrupts):
    subject = Subject(kept=1, old_=2, _dict={"a": 1})

    def change():
        with changed_at_once(subject) as draft:
            draft.new_ = 3
            del draft.old_
            draft._dict["a"] = 2
            subject.kept = 4  # by another thread: a parameter that is set while a fit runs

    whole, before = {"kept": 4, "new_": 3, "_dict": {"a": 2}}, {"old_": 2, "_dict": {"a": 1}}
    for place in every_interrupt(interrupts, change):
        assert vars(subject) in ({"kept": 1, **before}, {"kept": 4, **before}, whole), place
        subject.__dict__ = {"kept": 1, **before}
    assert vars(subject) == whole
