"""Docstrings of all that is public, as the validation of numpydoc wants them."""

import inspect
from functools import cache

import pytest
from numpydoc.validate import validate

import skrnn
from skrnn import exceptions

# Checks of numpydoc that do not go with what we want, and why.
LEFT_OUT = {
    "ES01": "a summary that says all needs no second paragraph",
    "EX01": "classes and functions have an example, which test_house asks for; methods are in it",
    "RT02": "results have names, as in scikit-learn",
    "SA01": "links are there where they lead further",
}


def public_names():
    """Return the paths of all public names and of the methods that we write."""
    modules = {"skrnn": skrnn.__all__, "skrnn.exceptions": exceptions.__all__}
    for module, names in modules.items():
        for name in names:
            path = f"{module}.{name}"
            yield path
            found = getattr(exceptions if module.endswith("exceptions") else skrnn, name)
            if inspect.isclass(found):
                yield from (f"{path}.{method}" for method in methods_of(found))


def methods_of(found):
    """Return the public methods of a class that this package writes."""
    return [
        name
        for name, member in inspect.getmembers(found, callable)
        if not name.startswith("_")
        and (getattr(member, "__module__", None) or "").startswith("skrnn.")
    ]


@cache
def errors_of(path):
    return tuple(validate(path)["errors"])


def complaints(path):
    return [f"{code}: {text}" for code, text in errors_of(path) if code not in LEFT_OUT]


@pytest.mark.parametrize("path", tuple(public_names()))
def test_docstring(path):
    assert complaints(path) == []


def test_a_bad_one_is_found():
    # Where nothing was read, the test above would pass.
    assert complaints("skrnn.networks._kinds.Kinds._known")


def test_what_is_left_out_would_be_found():
    found = {code for path in public_names() for code, _ in errors_of(path)}
    assert set(LEFT_OUT) <= found
