"""Links into the documentation of other projects, without a network.

Each file `_inventories/PROJECT.txt` names what is linked to, a line each: its kind in Sphinx'
words, its name, and the page. The first line is the address of the site. From it an inventory is
written that `sphinx.ext.intersphinx` reads.
"""

import zlib
from pathlib import Path

HERE = Path(__file__).parent.parent / "_inventories"


def mapping(folder):
    """Write an inventory of each file into a folder; return what intersphinx takes."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for source in sorted(HERE.glob("*.txt")):
        address, *lines = source.read_text(encoding="utf-8").split("\n")
        target = folder / f"{source.stem}.inv"
        target.write_bytes(_inventory(source.stem, [line.split() for line in lines if line]))
        found[source.stem] = (address, str(target))
    return found


def _inventory(project, entries):
    head = (
        "# Sphinx inventory version 2\n"
        f"# Project: {project}\n# Version: stable\n"
        "# The remainder of this file is compressed using zlib.\n"
    )
    lines = [f"{name} {kind} 1 {page} -\n" for kind, name, page in entries]
    return head.encode() + zlib.compress("".join(lines).encode())
