"""What comes of a script? Run in a fork of a process that has imported what scripts need.

A fork is as good as a new process wherever how Python starts is not the question, and is there in
milliseconds, where torch, Lightning and Ray take seconds to import.
"""

from __future__ import annotations

import io
import runpy
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from raysearch.forking import Fork

LIGHT = ("numpy", "pydantic", "rich.console", "yaml")
"""What even quick commands load, for templates whose forks are asked what else they do."""


class Scripts:
    """Runs scripts, in the fork that it is made in."""

    def run(self, path: str, *words: str) -> tuple[int, str, str]:
        """Return exit status, output and errors of `python PATH WORDS`."""
        sys.argv[:] = [path, *words]
        sys.path.insert(0, str(Path(path).absolute().parent))
        out, err = io.StringIO(), io.StringIO()
        status: object = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                runpy.run_path(path, run_name="__main__")
            except SystemExit as exit_:
                status = exit_.code
        return int(status or 0), out.getvalue(), err.getvalue()


def run_script(address: str, path: str, *words: str) -> tuple[int, str, str]:
    """Return exit status, output and errors of `python PATH WORDS`, run in a fork of a template."""
    fork = Fork(address, f"{__name__}:Scripts")
    try:
        status, out, err = fork.call("run", path, *words)
    finally:
        fork.close()
    return status, out, err


class Imports:
    """Carries out code, in the fork that it is made in, and says what that has loaded."""

    def after(self, code: str, names: Sequence[str]) -> set[str]:
        """Return which of some packages are loaded after the code."""
        exec(code, {})
        return {name for name in names if name in sys.modules}


def loaded_by(address: str, code: str, *, names: Sequence[str]) -> set[str]:
    """Return which of some packages a fork of a template has loaded after the code."""
    fork = Fork(address, f"{__name__}:Imports")
    try:
        found: set[str] = fork.call("after", code, names)
    finally:
        fork.close()
    return found
