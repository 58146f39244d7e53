"""Every refusal names the parameter or the row, and says what to do: over all that is public.

`scripts/fuzz` makes thousands of strange calls. A few of them are made here, always the same ones,
and one of each kind that needs no training.
"""

import sys
from pathlib import Path

import pytest
from _engine import keras_reads_variables

import skrnn

pytest.importorskip("hypothesis")
SCRIPTS = Path(skrnn.__file__).parents[1] / "scripts"
pytestmark = [
    keras_reads_variables,
    pytest.mark.skipif(not SCRIPTS.exists(), reason="installed without the scripts"),
]
SECONDS, MOST = 15.0, 150
# What is refused of anything: by what is called, the strange arguments.
REFUSED = {
    "LSTMRegressor": [{"units": "10**30"}, {"units": "True"}, {"activation": "int"}],
    "LSTMClassifier": [{"y": "{1, 2}"}, {"X": "sparse.csr_array(data(8, 4))"}, {"y": "1.0"}],
    "Seq2SeqRegressor": [{"quantiles": "{}"}, {"X": "data(8, 4) * 1j"}, {"y": "data(8, 3, 2)"}],
    "RecurrentClassifier": [{"y": "np.array([1, 'a'] * 4, object)"}, {"sample_weight": "{}"}],
    "ConvLSTMRegressor": [{"filters": "[2, 'a']"}, {"X": "np.zeros(8, [('a', 'f8')])"}],
    "Seq2SeqForecaster": [
        *({"fh": text} for text in ("[10**30]", "10**12", "[]", "[pd.NaT]", "{1}", "'text'")),
        *(
            {"y": text}
            for text in ("None", "[]", "5", "'text'", "data(12) * 1j", "pl.Series([1.0])")
        ),
        *({"n_jobs": "0"}, {"bounds": "(10**400, None)"}, {"y": "pd.Series([True, None] * 6)"}),
    ],
    "SlidingWindowTransformer": [
        *({"group": "np.array([2, 3])"}, {"group": "True", "X": "[]"}, {"freq": "(3, -1)"}),
        *(
            {"X": "pd.Series(put(inf, data(12), 3))"},
            {"X": "pd.DataFrame(data(12, 2), columns=['a', 'a'])"},
        ),
    ],
    "SequenceScaler": [{"scaler": "int"}, {"X": "{}"}, {"X": "put(inf, data(8, 4), 0, 1)"}],
    "make_windows": [{"group": "np.array([2, 3])"}, {"target": "[1]"}, {"series": "{1, 2}"}],
    "make_targets": [{"group": "[]"}, {"horizon": "10**30"}, {"series": "iter([1])"}],
    "last_windows": [
        {"freq": "(3, -1)"},
        {"series": "series(pd.Index([None, *range(11)], dtype='Int64'))"},
    ],
    "to_sequences": [
        {"instance": "np.array([2, 3])", "data": "series(range(12), 2)"},
        {"n_timesteps": "10**30"},
    ],
    "compare": [
        {"cv": "[10**30]"},
        {"sp": "'text'"},
        {"n_jobs": "0"},
        {"y": "1.0"},
        {"estimator": "1"},
    ],
    "permutation_importance": [{"estimator": "None"}, {"by": "'text'"}],
    "saliency": [{"estimator": "Ridge()"}, {"estimator": "LSTMRegressor"}],
    "save": [{"path": "None"}, {"path": "'a\\0b'"}, {"estimator": "1"}],
    "load": [{"path": "[]"}, {"path": "'text.txt'"}, {"trusted": "int"}],
    "score_steps": [{"response_method": "5"}, {"score_func": "None"}, {"estimator": "None"}],
    "TrainingCurveDisplay.from_estimator": [{"estimator": "None"}, {"estimator": "LSTMRegressor"}],
    "TrainingCurveDisplay.from_history": [{"ax": "5"}, {"metric": "'text'"}, {"metric": "1"}],
    "AttentionDisplay.from_estimator": [{"estimator": "[]"}],
    "AttentionDisplay.from_weights": [
        {"mask": "0.5"},
        {"step_names": "np.array(2)"},
        {"name": "{}"},
    ],
    "ForecastDisplay.from_estimator": [{"estimator": "{}"}, {"name": "{1, 2}"}],
    "ForecastDisplay.from_predictions": [
        *({"index": "-1"}, {"line_kw": "{'text': 1}"}, {"coverage": "10**400"}),
    ],
    "ForecastDisplay.from_forecaster": [
        *({"forecaster": "Ridge"}, {"n_history": "1.5"}, {"figsize": "(3, -1)"}, {"ax": "5"}),
        *({"y": "data(12)"}, {"y": "series(pd.date_range('2000', periods=6))"}, {"members": "5"}),
        *({"instances": "np.array(2)"}, {"instances": "[]"}, {"coverage": "2"}),
    ],
    "ForecastDisplay.from_backtest": [{"backtest": "1j"}, {"n_history": "inf"}, {"ax": "int"}],
    "GridSearchDisplay.from_search": [
        *({"search": "Ridge"}, {"search": "Ridge()"}, {"search": "5"}, {"n_candidates": "0"}),
        *({"parameters": "1j"}, {"parameters": "[[2]]"}, {"metric": "[]"}, {"ax": "1j"}),
    ],
    "ComparisonDisplay.from_comparison": [
        *({"frame": "data(8, 4)"}, {"frame": "pl.DataFrame(data(8, 4))"}, {"figsize": "[nan]"}),
        *({"ax": "Ridge()"}, {"value_name": "1j"}),
    ],
    "backtest": [
        *({"forecaster": "Ridge()"}, {"fh": "10**12"}, {"fh": "pd.offsets.MonthEnd()"}),
        *({"coverage": "1j"}, {"sp": "''"}, {"n_jobs": "0"}, {"refit": "[]"}, {"cv": "5"}),
        *({"X": "1j"}, {"X": "[pd.DataFrame()]"}, {"X": "data(3, 2, 4)"}, {"y": "data(3, 2, 0)"}),
    ],
}


@pytest.fixture(scope="module")
def fuzz():
    """The script, its cases, and a place where it leaves nothing."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        import _fuzz
        import _fuzz_cases

        with _fuzz.quiet_place():
            yield _fuzz, _fuzz_cases
    finally:
        sys.path.remove(str(SCRIPTS))


def test_the_table_has_all_that_is_called(fuzz):
    _, cases = fuzz
    assert {target.name for target in cases.TARGETS_OF_CALLS} == set(REFUSED)


@pytest.mark.parametrize(
    ("name", "strange"),
    [(name, strange) for name, calls in REFUSED.items() for strange in calls],
    ids=str,
)
def test_a_refusal_names_what_is_wrong_and_the_remedy(fuzz, name, strange):
    script, cases = fuzz
    target = next(target for target in cases.TARGETS_OF_CALLS if target.name == name)
    data = {key: strange.get(key, texts[0]) for key, texts in target.data.items()}
    params = {**target.given, **{key: strange[key] for key in strange.keys() - data.keys()}}
    method = next(iter(target.methods), "")
    then = {key: texts[0] for key, texts in target.methods.get(method, {}).items()}
    record = script.Record()
    script.try_call(cases.Call(target, params, data, {}, method, then), record)
    assert not record.violations, record.report()
    assert record.refusals, record.report()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # strange data may well be warned of
def test_strange_calls(fuzz):
    script, _ = fuzz
    record = script.make_calls(SECONDS, MOST)
    assert record.calls.total() > 0
    assert not record.violations, record.report()
