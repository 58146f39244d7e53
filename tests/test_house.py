"""The house: which part may import which, and what is shown to the street.

The imports are read from the source with `ast`, those inside functions included, so that nothing
depends on what happens to be installed or imported.
"""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.base import BaseEstimator

import skrnn
from skrnn import (
    BiLSTMClassifier,
    BiLSTMRegressor,
    ConvLSTMClassifier,
    ConvLSTMRegressor,
    LSTMClassifier,
    LSTMRegressor,
    RecurrentClassifier,
    RecurrentRegressor,
    Seq2SeqRegressor,
    exceptions,
)

ROOT = Path(skrnn.__file__).parent

# Every part of the package, and the other parts that it may import. A new part needs a line here.
MAY_IMPORT = {
    "exceptions": set(),
    "compat": {"exceptions"},
    "inputs": set(),
    "scaling": {"compat", "inputs"},
    "networks": {"compat"},
    "engines": {"exceptions", "compat", "networks", "scaling"},
    "models": {"compat", "inputs", "scaling", "networks", "engines"},
    "windowing": {"exceptions", "compat", "inputs"},
    "scoring": {"compat", "inputs"},
    "estimators": {"compat", "inputs", "scaling", "networks", "engines", "models", "scoring"},
    "forecasting": {
        *("compat", "inputs", "networks", "engines", "models", "windowing", "plotting"),
    },
    "comparison": {"compat", "inputs"},
    "inspection": {"compat", "engines", "estimators"},
    "plotting": {"compat"},
    "persistence": {"compat", "models"},
    "__init__": {
        *("comparison", "compat", "engines", "estimators", "forecasting", "inputs"),
        *("inspection", "plotting"),
        *("persistence", "scaling", "scoring", "windowing"),
    },
}
# Other packages that only some parts may import, wherever in the file.
RESERVED = {
    "jax": {"compat", "engines"},
    "jaxlib": set(),
    "keras": {"compat"},
    "matplotlib": {"plotting"},
    "sklearn": {
        *("comparison", "compat", "inspection", "scaling", "windowing", "estimators", "plotting"),
        *("forecasting", "models"),
    },
    "skops": {"persistence"},
    "sktime": {"forecasting"},
    "tensorflow": {"engines"},
    "torch": {"engines"},
}
# Imports inside functions: what `import skrnn` would otherwise bring along.
LAZY_WITHIN = {
    ("skrnn.estimators._base", "skrnn.estimators._fitting"),
    ("skrnn.persistence", "skrnn.models._state"),
}
LAZY_FROM_OUTSIDE = {
    *("jax", "keras", "matplotlib", "skops", "sktime", "statsmodels", "tensorflow", "torch"),
    "tqdm",
}
# Names of other packages that are not meant for the street are used in one room.
PRIVATE_ROOM = "compat"

PUBLIC = [
    "AttentionDisplay",
    "Backtest",
    "BiLSTMClassifier",
    "BiLSTMRegressor",
    "ComparisonDisplay",
    "ConvLSTMClassifier",
    "ConvLSTMRegressor",
    "ForecastDisplay",
    "GridSearchDisplay",
    "LSTMClassifier",
    "LSTMRegressor",
    "RecurrentClassifier",
    "RecurrentRegressor",
    "Seq2SeqForecaster",
    "Seq2SeqRegressor",
    "SequenceScaler",
    "SlidingWindowTransformer",
    "TrainingCurveDisplay",
    "backtest",
    "clear_compile_cache",
    "compare",
    "compile_cache_info",
    "last_windows",
    "load",
    "make_sequence_scorer",
    "make_targets",
    "make_windows",
    "permutation_importance",
    "precompile",
    "saliency",
    "save",
    "set_compile_cache_dir",
    "to_sequences",
    "train_together",
]
REGRESSORS = [
    *(LSTMRegressor, BiLSTMRegressor, RecurrentRegressor, Seq2SeqRegressor),
    ConvLSTMRegressor,
]
CLASSIFIERS = [RecurrentClassifier, LSTMClassifier, BiLSTMClassifier, ConvLSTMClassifier]
FITTED = [
    "history_",
    "n_iter_",
    "n_features_in_",
    "feature_names_in_",
    "n_parameters_",
    "input_encoder_",
    "target_encoder_",
    "network_",
]
PROPERTIES = ["model_", "input_scaler_"]


class Import(NamedTuple):
    """An import: which module imports what, and whether inside a function."""

    importer: str
    imported: str
    inside: bool


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def part_of(module: str) -> str:
    """Return the part of the package that a module of it belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


def is_ours(module: str) -> bool:
    return module.split(".")[0] == "skrnn"


@cache
def imports() -> tuple[Import, ...]:
    return tuple(
        Import(module, imported, inside)
        for module, path in MODULES.items()
        for imported, inside in imports_of(module, path)
    )


def imports_of(module: str, path: Path) -> Iterator[tuple[str, bool]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    lazy = {id(node) for function in functions for node in ast.walk(function)}
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = list(imported_by(node, package))
        else:
            continue
        for name in names:
            yield name, id(node) in lazy


def imported_by(node: ast.ImportFrom, package: str) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        parents = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*parents, base] if base else parents)
    for alias in node.names:
        below = f"{base}.{alias.name}"
        yield below if below in MODULES else base


class TestImports:
    def test_the_source_is_read(self):
        # Where this is wrong, the tests below would pass for want of anything to check.
        found = set(imports())
        assert Import("skrnn.estimators._base", "skrnn.estimators._fitting", True) in found
        assert Import("skrnn.engines.jax._network", "jax", False) in found
        assert Import("skrnn.compat._keras", "keras", False) in found
        assert all(i.imported in MODULES for i in found if is_ours(i.imported))

    def test_every_part_has_its_place(self):
        assert {part_of(module) for module in MODULES} == set(MAY_IMPORT)

    def test_every_part_is_drawn_and_described(self):
        page = ROOT.parent / "docs" / "developers" / "architecture.rst"
        if not page.exists():
            pytest.skip("installed without the documentation")
        text = page.read_text(encoding="utf-8")
        drawing = (ROOT.parent / "scripts" / "_draw_pictures.py").read_text(encoding="utf-8")
        for part in set(MAY_IMPORT) - {"__init__"}:
            assert f"   * - ``{part}``" in text, part
            assert f'"{part}"' in drawing, part

    def test_directions(self):
        wrong = [
            f"{i.importer} imports {i.imported}"
            for i in imports()
            if is_ours(i.imported)
            and part_of(i.importer) != part_of(i.imported)
            and part_of(i.imported) not in MAY_IMPORT[part_of(i.importer)]
        ]
        assert wrong == []

    def test_the_table_allows_no_way_back(self):
        settled = set()
        while len(settled) < len(MAY_IMPORT):
            ready = {part for part, below in MAY_IMPORT.items() if below <= settled} - settled
            assert ready, f"among {set(MAY_IMPORT) - settled} there is a cycle"
            settled |= ready

    def test_other_packages_stay_in_their_rooms(self):
        wrong = [
            f"{i.importer} imports {i.imported}"
            for i in imports()
            for package in [i.imported.split(".")[0]]
            if package in RESERVED and part_of(i.importer) not in RESERVED[package]
        ]
        assert wrong == []

    def test_faces_do_not_know_each_other(self):
        faces = {"estimators", "forecasting"}
        wrong = [
            f"{i.importer} imports {i.imported}"
            for i in imports()
            if is_ours(i.imported) and {part_of(i.importer), part_of(i.imported)} == faces
        ]
        assert wrong == []

    def test_private_names_of_other_packages_stay_in_one_room(self):
        wrong = []
        for module, path in MODULES.items():
            if part_of(module) == PRIVATE_ROOM:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    names = [*node.module.split("."), *(alias.name for alias in node.names)]
                    if any(re.match("_[a-z]", name) for name in names):
                        wrong.append(f"{module}: {node.module}")
        assert wrong == []

    def test_no_module_imports_itself_in_the_end(self):
        below = {module: set() for module in MODULES}
        for i in imports():
            if is_ours(i.imported):
                below[i.importer].add(i.imported)
        while leaves := {module for module, imported in below.items() if not imported}:
            below = {
                module: imported - leaves
                for module, imported in below.items()
                if module not in leaves
            }
        assert sorted(below) == []

    def test_lazy_imports_within_the_package_are_listed(self):
        lazy = {(i.importer, i.imported) for i in imports() if i.inside and is_ours(i.imported)}
        assert lazy == LAZY_WITHIN

    def test_lazy_imports_from_outside_keep_the_import_cheap(self):
        wrong = [
            f"{i.importer} imports {i.imported}"
            for i in imports()
            if i.inside
            and not is_ours(i.imported)
            and i.imported.split(".")[0] not in LAZY_FROM_OUTSIDE
        ]
        assert wrong == []


def sections(documented) -> dict[str, str]:
    """Return the sections of a docstring in the style of NumPy, by title."""
    text = inspect.getdoc(documented) or ""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$", text, flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], parts[0::2], strict=True))


def entries(section: str) -> set[str]:
    """Return the names that a section describes."""
    heads = re.findall(r"^\*{0,2}(\w[\w, ]*)(?: : .*)?$", section, flags=re.MULTILINE)
    return {name.strip() for head in heads for name in head.split(",")}


NAMED = {
    **{name: getattr(skrnn, name, None) for name in PUBLIC},
    **{name: getattr(exceptions, name) for name in exceptions.__all__},
}
every_name = pytest.mark.parametrize("documented", list(NAMED.values()), ids=list(NAMED))


class TestPublicNames:
    def test_the_list(self):
        assert skrnn.__all__ == PUBLIC
        assert sorted(PUBLIC) == PUBLIC

    def test_nothing_else_is_public(self):
        modules = set(MAY_IMPORT) - {"__init__"}
        shown = {name for name in dir(skrnn) if not name.startswith("_")}
        assert shown - modules == set(PUBLIC)

    @every_name
    def test_documentation(self, documented):
        found = sections(documented)
        assert found[""].strip().splitlines()[0].endswith(".")
        assert ">>> " in found.get("Examples", "")

    @pytest.mark.parametrize("name", PUBLIC)
    def test_parameters_are_documented(self, name):
        documented = getattr(skrnn, name)
        arguments = set(inspect.signature(documented).parameters)
        assert entries(sections(documented).get("Parameters", "")) == arguments

    def test_the_reference_lists_them(self):
        page = ROOT.parent / "docs" / "api.rst"
        if not page.exists():
            pytest.skip("installed without the documentation")
        listed = {line.strip() for line in page.read_text(encoding="utf-8").splitlines()}
        assert set(PUBLIC) <= listed
        assert {f"exceptions.{name}" for name in exceptions.__all__} <= listed


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CLASSIFIERS])
class TestEstimatorDocstrings:
    def test_attributes(self, estimator):
        own = "classes_" if estimator in CLASSIFIERS else "target_scaler_"
        assert entries(sections(estimator)["Attributes"]) == {*FITTED, *PROPERTIES, own}

    def test_attributes_are_those_there_are(self, estimator):
        fitted = estimator(2, epochs=1, random_state=0).fit(np.eye(4), np.arange(4) % 3)
        public = {name for name in vars(fitted) if name.endswith("_") and name[0] != "_"}
        expected = {*FITTED, "classes_"} if estimator in CLASSIFIERS else set(FITTED)
        assert public == expected - {"feature_names_in_"}

    def test_defaults_are_the_documented_ones(self, estimator):
        text = sections(estimator)["Parameters"]
        for name, parameter in inspect.signature(estimator).parameters.items():
            (line,) = re.findall(rf"^{name} : .*$", text, flags=re.MULTILINE)
            documented = ast.literal_eval(line.rpartition("default=")[2])
            assert documented == parameter.default, name

    @pytest.mark.parametrize(
        "method", ["fit", "partial_fit", "predict", "predict_samples", "score", "to_keras"]
    )
    def test_methods(self, estimator, method):
        function = getattr(estimator, method)
        found = sections(function)
        arguments = set(inspect.signature(function).parameters) - {"self"}
        assert entries(found.get("Parameters", "")) == arguments
        assert found["Returns"].strip()


def test_constructors_only_store():
    for name in PUBLIC:
        kind = getattr(skrnn, name)
        if inspect.isclass(kind) and issubclass(kind, BaseEstimator):
            defaults = {
                parameter.name: parameter.default
                for parameter in inspect.signature(kind).parameters.values()
                if parameter.default is not parameter.empty
            }
            required = set(inspect.signature(kind).parameters) - set(defaults)
            given = {parameter: object() for parameter in required}
            assert vars(kind(**given)) == {**defaults, **given}


def test_constructors_and_docstrings_are_as_the_script_writes_them():
    script = ROOT.parent / "scripts" / "write-parameters"
    if not script.exists():
        pytest.skip("installed without the scripts")
    command = [sys.executable, str(script), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
