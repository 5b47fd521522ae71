"""Would a worker find the module that a class comes from?

A worker is another process, maybe on another machine. It looks where every Python does, among what
is installed and in PYTHONPATH, and where Ray tells it to: in the working directory, and in the
folder of the script that started the search. A module that was found only because this
process has put a folder on `sys.path`, or that exists nowhere but in it, cannot be loaded there.
Nothing is imported here.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from raysearch.imports import PREFIX

ANSWER_WITHIN_S = 20.0
"""How long a new process may take to say what it finds; after that, nothing is claimed."""

_ASK = "import importlib.util as u, sys; s = u.find_spec(sys.argv[1]); print(s and s.origin or '')"


def origin_fault(path: str) -> str:
    """Return why workers could not load what an import path names; empty if they can.

    Args:
        path: "package.module:Class". Objects that were provided are no matter of importing, and a
            module that does not exist here either is reported by whoever loads it.

    Example:
        >>> origin_fault("fractions:Fraction")
        ''
        >>> origin_fault("__main__:Net")
        'Net is defined in the script that is running, which workers cannot import. Move it to a
         module of its own, such as nets.py, and write nets:Net.'
    """
    module, _, name = path.partition(":")
    if path.startswith(PREFIX) or not module:
        return ""
    if module in ("__main__", "__mp_main__"):
        return (
            f"{name} is defined in the script that is running, which workers cannot import. Move "
            f"it to a module of its own, such as nets.py, and write nets:{name}."
        )
    package = module.partition(".")[0]
    folder = _folder_of(package)
    if folder is None or _is_standard(folder) or _fresh_python_finds(package, folder=folder):
        return ""
    return (
        f"{path} was found in {folder}, where this process looks for modules and workers do not. "
        f"They look in the working directory ({Path.cwd()}), beside the script that is run, in "
        f"PYTHONPATH, and among installed packages. Run the command from {folder}, add that folder "
        f"to PYTHONPATH, or install {package}."
    )


def _folder_of(package: str) -> Path | None:
    """Return the folder in which a top-level package or module was found, if it is on disk."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve().parent
    if spec.origin is None or not spec.has_location:
        return None  # built in
    return Path(spec.origin).resolve().parent


def _is_standard(folder: Path) -> bool:
    """Return whether every worker that is started here looks into a folder."""
    entries = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), _folder_of_script()]
    given = [Path.cwd(), *(Path(entry) for entry in entries if entry)]
    if any(folder == entry.resolve() for entry in given):
        return True
    installed = ("stdlib", "platstdlib", "purelib", "platlib")
    return any(folder == Path(sysconfig.get_path(name)).resolve() for name in installed)


def _folder_of_script() -> str:
    """Return the folder of the script that is running, as Ray tells it to workers; else "".

    There is none in an interactive session, or with `python -m`, where `sys.path` lacks it.
    """
    folder = os.path.dirname(os.path.realpath(sys.argv[0]))  # noqa: PTH120 - as Ray does
    is_script = hasattr(sys.modules["__main__"], "__file__")
    return folder if is_script and folder in sys.path else ""


def _fresh_python_finds(package: str, *, folder: Path) -> bool:
    """Return whether a new process finds a package there, as it does what is installed to edit."""
    try:
        asked = subprocess.run(
            [sys.executable, "-c", _ASK, package],
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_WITHIN_S,
        )
    except subprocess.TimeoutExpired:
        return True
    origin = asked.stdout.strip()
    return bool(origin) and folder in Path(origin).resolve().parents
