"""What README and the documentation print for readers to run: blocks of code, and commands."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(
        path
        for path in (ROOT / "docs").rglob("*.rst")
        # Made by the build, from docstrings and examples that are run where they are.
        if not {"_build", "_templates", "generated", "auto_examples"} & set(path.parts)
    ),
]
# A block begins with its language, in Markdown or in reStructuredText.
_FENCE = re.compile(
    r"^(?P<margin> *)```(?P<language>\w+)\n(?P<body>.*?)^(?P=margin)```$", re.M | re.S
)
_DIRECTIVE = re.compile(
    r"^(?P<margin> *)\.\. code-block:: (?P<language>\w+)\n(?:(?P=margin) +:.*\n)*\n"
    r"(?P<body>(?:(?P=margin) +\S.*\n|\s*\n)+)",
    re.M,
)


class Block(NamedTuple):
    """A block of code: where it begins, and what it says without its margin."""

    line: int
    language: str
    text: str


def name_of(page: Path) -> str:
    """Return the name of a page as a reader knows it."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[Block]:
    """Return the blocks of one language on a page, from top to bottom."""
    text = page.read_text(encoding="utf-8")
    pattern = _FENCE if page.suffix == ".md" else _DIRECTIVE
    found = []
    for match in pattern.finditer(text):
        if match["language"] == language:
            lines = match["body"].splitlines()
            margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
            body = "\n".join(line[margin:] for line in lines).strip("\n") + "\n"
            found.append(Block(text.count("\n", 0, match.start("body")) + 1, language, body))
    return found


def literals(page: Path) -> list[str]:
    """Return what stands between backticks in the running text of a page, on one line each."""
    text = page.read_text(encoding="utf-8")
    text = (_FENCE if page.suffix == ".md" else _DIRECTIVE).sub("", text)
    marks = "`" if page.suffix == ".md" else "``"
    return [" ".join(code.split()) for code in re.findall(f"{marks}([^`]+){marks}", text)]


def commands(page: Path) -> list[tuple[int, str]]:
    """Return the commands in the shell's blocks of a page, one a line or joined by ``&&``."""
    found = []
    for block in blocks(page, "bash"):
        line = block.line
        for whole in block.text.replace("\\\n", " ").splitlines():
            for part in whole.split("&&"):
                if words := shlex.split(part, comments=True):
                    found.append((line, shlex.join(words)))
            line += 1
    return found
