"""Runs the Python code blocks of a page, reStructuredText or Markdown, one after the other.

They share one namespace. A block runs under the name and at the line it has in the page, so a
traceback shows where it stands. A block below the comment `skip: next` is left out, which is how
Sybil marks them, too: `.. skip: next` in reStructuredText, `<!-- skip: next -->` in Markdown.
"""

import re
import sys
import textwrap
from pathlib import Path

FIRST_LINE = {
    ".rst": re.compile(r"\.\. (?:code-block|code|sourcecode):: (?:python|python3|py)\s*"),
    ".md": re.compile(r"```(?:python|python3|py)\s*"),
}
SKIP_NEXT = re.compile(r"(?:\.\. skip: next|<!-- skip: next -->)\s*")


def blocks(page):
    """Return the number of the first line, the code, and whether to skip it, for each block."""
    lines = page.read_text(encoding="utf-8").splitlines()
    skip, found = False, []
    for number, line in enumerate(lines):
        if SKIP_NEXT.fullmatch(line.strip()):
            skip = True
        elif FIRST_LINE[page.suffix].fullmatch(line.strip()):
            end = end_of_block(lines, number, page.suffix)
            # Empty lines in front keep the numbers of the lines, and options are no code.
            code = [
                "" if re.fullmatch(r"\s+:[\w-]+:.*", text) else text
                for text in lines[number + 1 : end]
            ]
            found.append((number + 2, textwrap.dedent("\n".join(code)), skip))
            skip = False
    return found


def end_of_block(lines, start, suffix):
    """Return the number of the first line behind a block."""
    indent = len(lines[start]) - len(lines[start].lstrip())
    for number in range(start + 1, len(lines)):
        text = lines[number]
        if suffix == ".md" and text.strip() == "```":
            return number
        if suffix == ".rst" and text.strip() and len(text) - len(text.lstrip()) <= indent:
            return number
    return len(lines)


def run(page):
    """Run the blocks of a page."""
    namespace = {"__name__": "__main__"}
    for line, code, skip in blocks(page):
        if skip:
            continue
        try:
            exec(compile("\n" * (line - 1) + code, str(page), "exec"), namespace)
        except BaseException:
            print(f"{page}:{line}: this block fails", file=sys.stderr)
            raise


if __name__ == "__main__":  # processes that a block starts import this file
    run(Path(sys.argv[1]))
