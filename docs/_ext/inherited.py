"""What scikit-learn and sktime say of inherited methods, in a form that reads well here.

Their docstrings link into glossaries of their own, and tell at length which private attributes a
method touches. Kept are the summary, what goes in and what comes out; methods that nobody calls who
uses an estimator are left out.
"""

import re
from types import FunctionType

from numpydoc.docscrape import NumpyDocString

OTHERS = ("sklearn.", "sktime.", "skbase.")
SECTIONS = ("Summary", "Parameters", "Returns")

# Bookkeeping of the two base classes: tags, configuration, tests.
TECHNICAL = {
    "check_is_fitted",
    "clone_tags",
    "create_test_instance",
    "create_test_instances_and_names",
    "get_class_tag",
    "get_class_tags",
    "get_config",
    "get_fitted_params",
    "get_metadata_routing",
    "get_param_defaults",
    "get_param_names",
    "get_pretrained_params",
    "get_tag",
    "get_tags",
    "get_test_params",
    "is_composite",
    "reset",
    "set_config",
    "set_random_state",
    "set_tags",
    "load_from_path",
    "load_from_serial",
}


def leave_out(app, what, name, obj, skip, options):
    """Leave out what is bookkeeping."""
    function = getattr(obj, "fget", None) or getattr(obj, "__func__", obj)
    if name in TECHNICAL or (name.startswith(("set_", "get_")) and _is_generated(function)):
        return True
    if isinstance(function, FunctionType) and not function.__module__.startswith("skrnn"):
        return None if function.__module__.startswith(OTHERS) else True
    return None


def shorten(app, what, name, obj, options, lines):
    """Keep the summary, the parameters and the returned values of another package's docstring."""
    module = getattr(getattr(obj, "__func__", obj), "__module__", None) or ""
    if not module.startswith(OTHERS) or not lines:
        return
    found = NumpyDocString("\n".join(lines))
    for section in list(found):
        if section not in SECTIONS:
            found[section] = type(found[section])()
    for section in ("Parameters", "Returns"):
        found[section] = [
            entry._replace(desc=_first_sentence(entry.desc)) for entry in found[section]
        ]
    lines[:] = [_plain(line) for line in str(found).splitlines()]


def _is_generated(function):
    """Return whether it is a method such as `set_fit_request`, which scikit-learn writes."""
    return getattr(function, "__name__", "") == "func" or str(
        getattr(function, "__qualname__", "")
    ).startswith("RequestMethod")


def _first_sentence(description):
    """Return the first sentence of a description, which may go over several lines."""
    text = " ".join(line.strip() for line in description)
    match = re.match(r".*?(?:\.(?=\s|$)|$)", text)
    return [match.group(0).strip()] if match else description[:1]


def _plain(line):
    """Take away links into glossaries and pages of others."""
    return re.sub(r":(?:term|ref|doc):`([^`<]*?)\s*(?:<[^`]*>)?`", r"\1", line)


def setup(app):
    app.connect("autodoc-skip-member", leave_out)
    # Before numpydoc, whose priority is the default of 500.
    app.connect("autodoc-process-docstring", shorten, priority=400)
    return {"parallel_read_safe": True}
