"""Prints the oldest versions that a pyproject.toml allows, as constraints for pip.

They are those of the dependencies and of what all extras ask for; a requirement without a lower
bound is an error. pip installs only what it is asked for, so it does no harm to have them all.
"""

import re
import sys
import tomllib
from itertools import chain
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["project"]
requirements = chain(project["dependencies"], *project["optional-dependencies"].values())
for requirement in requirements:
    name, rest = re.fullmatch(r"([\w.-]+)(.*)", requirement).groups()
    if name == project["name"]:  # an extra that names others
        continue
    bound = re.search(r">=\s*([\w.]+)", rest)
    if bound is None:
        sys.exit(f"{requirement!r} in {sys.argv[1]} has no lower bound: give it one with >=.")
    print(f"{name}=={bound[1]}")
