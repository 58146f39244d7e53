"""What pyproject.toml declares is what the package imports, no less and no more."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Distributions whose package has another name.
DISTRIBUTION_OF = {"sklearn": "scikit-learn"}


def imported() -> set[str]:
    """Return the distributions that the package imports, those inside functions included."""
    names = set()
    for path in (ROOT / "skrnn").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.split(".")[0])
    others = names - sys.stdlib_module_names - {PROJECT["name"]}
    return {DISTRIBUTION_OF.get(name, name) for name in others}


def declared(requirements: list[str]) -> set[str]:
    """Return the names of requirements."""
    return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}


def test_imports_are_the_dependencies():
    plot = declared(PROJECT["optional-dependencies"]["plot"])
    assert plot == {"matplotlib"}
    assert imported() == declared(PROJECT["dependencies"]) | plot


def test_every_requirement_has_an_oldest_version():
    # `scripts/test-oldest` installs it.
    extras = PROJECT["optional-dependencies"].values()
    requirements = [*PROJECT["dependencies"], *(one for extra in extras for one in extra)]
    others = [one for one in requirements if not one.startswith(PROJECT["name"] + "[")]
    assert [one for one in others if not re.fullmatch(r"[\w.-]+>=[\d.]+(,<[\d.]+)?", one)] == []
