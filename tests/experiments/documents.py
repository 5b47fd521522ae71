"""Which commands, blocks, links and tables does a document hold?"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from raysearch.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()

_RAYSEARCH = ["python", "-m", "raysearch"]


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language, without their fences; not those that are files."""
    return [block for block in _fenced(text, language) if not _FILE.match(block)]


def files(text: str) -> dict[str, str]:
    """Return the blocks that begin with the name of a file, such as `# nets.py`, by that name."""
    named = [b for language in ("python", "yaml") for b in _fenced(text, language)]
    return {found.group(1): block for block in named if (found := _FILE.match(block))}


_FILE = re.compile(r"# (\w+\.(?:py|yaml))\n")


def _fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def shell_commands(text: str) -> list[list[str]]:
    """Return the commands of the shell blocks as words; those joined by && one by one."""
    lines = "".join(blocks(text, "sh")).splitlines()
    return [shlex.split(part, comments=True) for line in lines for part in line.split(" && ")]


def raysearch_commands(text: str) -> list[list[str]]:
    """Return the words after each `python -m raysearch`, in blocks and in backticks.

    COMMAND stands for each of the commands.
    """
    spans = re.findall(r"`(python -m raysearch [^`]+)`", text)
    found = [*shell_commands(text), *map(shlex.split, spans)]
    lines = [words[3:] for words in found if words[:3] == _RAYSEARCH]
    return [
        [name, *line[1:]]
        for line in lines
        for name in (COMMANDS if line[0] == "COMMAND" else line[:1])
    ]


def links(text: str) -> list[str]:
    """Return what is linked to within the repository, as written."""
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """Return the names under which the headings can be linked to."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def table(text: str, header: str) -> list[list[str]]:
    """Return the cells of the table whose first column is called `header`, row by row."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {header} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def code(text: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", text)
