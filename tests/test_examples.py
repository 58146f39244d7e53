"""What every script of the gallery has; running them is for `scripts/docs`."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

pytestmark = pytest.mark.skipif(not EXAMPLES, reason="the examples are not in an installed package")


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def source(request):
    return request.param.read_text(encoding="utf-8")


def test_the_readme_names_all():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    named = {line.split("`")[1] for line in lines if line.startswith("| `") and ".py`" in line}
    assert named == {path.name for path in EXAMPLES}


def test_it_is_short(source):
    assert len(source.splitlines()) < 100


def test_it_begins_with_a_title(source):
    title, underline = ast.get_docstring(ast.parse(source)).splitlines()[:2]
    assert underline == "=" * len(title)


def test_made_data_are_called_synthetic(source):
    assert "default_rng" not in source or "ynthetic" in source.partition('"""\n\n')[2]
