"""Other processes: forked and spawned ones, and those that only open a file of Keras."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from _engine import keras_reads_variables, make_spec

import skrnn
from skrnn.compat._keras import keras
from skrnn.networks._build import build_model
from skrnn.networks._kinds import DECODERS
from skrnn.networks._spec import EncoderDecoderSpec

SETUP = """
import os, signal, sys
import numpy as np
import skrnn

X = np.random.default_rng(0).normal(size=(20, 4))
Y = X[:, 0]

def child(function):
    \"\"\"Return what a forked child says about a call; it has a minute.\"\"\"
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        signal.alarm(60)
        try:
            function()
            said = "done"
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as pipe:
        return pipe.read() or "no answer"

def network(shape, n_outputs):
    import keras
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(1)])
"""
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")


def run(code, setup=SETUP, **environment):
    """Run code in a fresh process; return what it prints."""
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(skrnn.__file__).parents[1])])
    given = {"PYTHONPATH": paths, "JAX_DISABLE_MOST_OPTIMIZATIONS": "1", **environment}
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", setup + textwrap.dedent(code)],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


@needs_fork
def test_every_way_in_is_closed_after_a_fork():
    printed = run("""
        import keras, pandas as pd
        model = skrnn.LSTMRegressor(2, epochs=1, dropout=0.1, attention=True).fit(X, Y)
        custom = skrnn.RecurrentRegressor(network=network, epochs=1).fit(X, Y)
        forecaster = skrnn.Seq2SeqForecaster(window=4, units=2, epochs=1, baselines=())
        series = pd.Series(np.arange(30.0))
        ways = [
            lambda: model.predict(X), lambda: model.predict_samples(X), lambda: model.model_,
            lambda: model.fit(X, Y), lambda: model.partial_fit(X, Y),
            lambda: model.set_params(metrics=[keras.metrics.MeanSquaredError()]).fit(X, Y),
            lambda: custom.predict(X), lambda: custom.fit(X, Y), lambda: custom.model_,
            lambda: skrnn.LSTMClassifier(2).fit(X, Y > 0), lambda: skrnn.saliency(model, X),
            lambda: model.attention_weights(X), lambda: forecaster.fit(series, fh=[1]),
        ]
        for way in ways:
            print(child(way))
    """)
    answers = printed.splitlines()
    assert len(answers) == 13
    for answer in answers:
        assert answer.startswith("RuntimeError: This process was made by fork")
        assert all(remedy in answer for remedy in ("spawn", "forkserver", "loky"))


@needs_fork
def test_workers_of_a_fork_context_refuse_at_once():
    """Within a second of their own processor time, which other processes do not take from them."""
    printed = run("""
        import multiprocessing, pickle, time
        from concurrent.futures import ProcessPoolExecutor
        import pandas as pd

        def attempt(given):
            try:
                call, *arguments = pickle.loads(given)
                said = str(call(*arguments))
            except BaseException as error:
                said = f"{type(error).__name__}: {error}"
            return time.process_time(), said  # since the fork

        def send(given):
            queue.put(attempt(given))

        model = skrnn.LSTMRegressor(2, epochs=1).fit(X, Y)
        forecaster = skrnn.Seq2SeqForecaster(window=4, units=2, epochs=1, baselines=())
        forecaster.fit(pd.Series(np.arange(30.0)), fh=[1])
        fork = multiprocessing.get_context("fork")
        queue = fork.Queue()
        for call in [
            (model.predict, X), (model.score, X, Y), (model.fit, X, Y), (forecaster.predict,),
            (skrnn.LSTMClassifier(2, epochs=1).fit, X, Y > 0),
        ]:
            given = pickle.dumps(call)
            with fork.Pool(1) as pool:
                print(*pool.apply_async(attempt, (given,)).get(60))
            with ProcessPoolExecutor(1, mp_context=fork) as pool:
                print(*pool.submit(attempt, given).result(60))
            process = fork.Process(target=send, args=(given,), daemon=True)
            process.start()
            print(*queue.get(timeout=60))
            process.join()
    """)
    answers = [line.split(" ", 1) for line in printed.splitlines()]
    assert len(answers) == 15
    for seconds, said in answers:
        assert float(seconds) < 1.0
        assert said.startswith("RuntimeError: This process was made by fork")
        assert all(remedy in said for remedy in ("spawn", "forkserver", "loky"))


@needs_fork
def test_the_use_of_jax_by_others_counts_too():
    printed = run("""
        import jax.numpy as jnp
        jnp.zeros(3).block_until_ready()
        print(child(lambda: skrnn.LSTMRegressor(2, epochs=1).fit(X, Y)))
        print(child(lambda: child(lambda: None)))
    """)
    first, second = printed.splitlines()
    assert "made by fork" in first
    assert second == "done"


@needs_fork
def test_a_child_forked_before_works_and_its_own_children_do_not():
    printed = run("""
        import keras  # by itself it does not start JAX

        def fit_and_fork():
            model = skrnn.LSTMRegressor(2, epochs=1, random_state=0).fit(X, Y)
            raise ValueError(f"{model.predict(X).sum()} {child(lambda: model.predict(X))[:12]}")

        told = child(fit_and_fork)
        model = skrnn.LSTMRegressor(2, epochs=1, random_state=0).fit(X, Y)
        print(told)
        print(f"ValueError: {model.predict(X).sum()} RuntimeError")
    """)
    told, expected = printed.splitlines()
    assert told == expected


@needs_fork
def test_what_the_message_names_works(tmp_path):
    script = tmp_path / "search.py"
    script.write_text(
        textwrap.dedent("""
            import multiprocessing
            import numpy as np
            from skrnn import LSTMRegressor
            X = np.random.default_rng(0).normal(size=(20, 4))
            model = LSTMRegressor(2, epochs=1, random_state=0)
            if __name__ == "__main__":
                here = model.fit(X, X[:, 0]).predict(X)
                for method in ("spawn", "forkserver"):
                    with multiprocessing.get_context(method).Pool(1) as pool:
                        assert np.array_equal(pool.apply(model.predict, (X,)), here)
        """)
    )
    run(f"import runpy\nrunpy.run_path({str(script)!r}, run_name='__main__')")


def written_by(decoder):
    given = {"n_timesteps": 4, "n_features": 2, "bidirectional": (False,), "horizon": 2}
    quantiles = {"head": "quantiles", "n_quantiles": 3, "median": 1}
    return EncoderDecoderSpec(cell="gru", units=(3,), decoder=decoder, **given, **quantiles)


SPECS = {
    "peephole": make_spec("peephole", variational_dropout=0.1),
    "stack": make_spec("gru", (3, 3), attention=True, skip_connections=True, linear_skip=True),
    **{decoder: written_by(decoder) for decoder in DECODERS},
}


@keras_reads_variables
def test_files_of_keras_open_in_a_process_that_imports_skrnn(tmp_path):
    for name, spec in SPECS.items():
        model = build_model(spec)
        model.save(tmp_path / f"{name}.keras")
        np.savez(tmp_path / f"{name}.npz", *model.get_weights())
    printed = run(f"""
        from pathlib import Path
        import keras
        for path in sorted(Path({str(tmp_path)!r}).glob("*.keras")):
            weights = keras.models.load_model(path).get_weights()
            expected = np.load(path.with_suffix(".npz")).values()
            for weight, value in zip(weights, expected, strict=True):
                np.testing.assert_array_equal(weight, value)
            print(path.stem)
    """)
    assert printed.splitlines() == sorted(SPECS)


@pytest.mark.parametrize(
    "imports",
    [
        "import keras, skrnn",
        "import importlib.util, skrnn; importlib.util.find_spec('keras')",
        "import skrnn.models._train",
    ],
)
def test_keras_knows_our_layers_whoever_imports_it(imports):
    ours = {name for name in keras.saving.get_custom_objects() if name.startswith("skrnn>")}
    code = f"{imports}; import keras; print(*keras.saving.get_custom_objects())"
    printed = run(code, setup="")
    assert {name for name in printed.split() if name.startswith("skrnn>")} == ours
    assert len(ours) > 10


CONFIGURED = """
model = skrnn.LSTMRegressor(2, epochs=1, random_state=0).fit(X, Y)
print(model.predict(X).tolist())
"""


def test_an_odd_configuration_of_keras_changes_nothing(tmp_path):
    planted = '{"floatx": "float16", "image_data_format": "channels_first", "epsilon": 0.5}'
    (tmp_path / "keras.json").write_text(planted)
    assert run(CONFIGURED, KERAS_HOME=str(tmp_path)) == run(CONFIGURED)


@pytest.mark.parametrize("planted", ['{"floatx": "float17"}', "[]", '{"epsilon": 1}', "{", None])
def test_a_broken_configuration_of_keras_stops_nothing(planted, tmp_path):
    file = tmp_path / "keras.json"
    file.mkdir() if planted is None else file.write_text(planted)
    printed = run(
        """
        import os, warnings, skrnn
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import keras
        told = [str(w.message) for w in caught if "keras.json" in str(w.message)]
        print(keras.config.floatx(), keras.config.backend(), os.environ["KERAS_HOME"], told)
        """,
        setup="",
        KERAS_HOME=str(tmp_path),
    )
    assert printed.startswith(f"float32 jax {tmp_path} ")
    assert ("Mend or delete it" in printed) == (planted != "{")  # that much Keras sees to itself
