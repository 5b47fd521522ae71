"""Where is the report written, and what does it hold?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.report.as_picture import to_png
from raysearch.report.figure import Section
from raysearch.report.page import plotly_script, to_html
from raysearch.report.sections import sections
from raysearch.report.shown import shown
from raysearch.results.found import Found
from raysearch.run_dir import LocalStorage
from raysearch.run_dir.remote.mirrors import bring

NAME = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was written."""

    page: Path
    size_bytes: int
    pictures: tuple[Path, ...] = ()
    """PNG files, where they were asked for."""


def write_report(
    found: Sequence[Found], path: Path, *, pictures: Path | None = None, with_models: bool = True
) -> Report:
    """Write the report on one run, or on several side by side.

    Args:
        found: The runs, at least one.
        path: The HTML file.
        pictures: Folder for the same figures as PNG files; None for no such files.
        with_models: Whether the winners' models are opened, to be drawn and to show what they get
            wrong on validation data; it loads torch.

    Raises:
        RunDirectoryError: A run has no trial with a value, or a file cannot be written.
        ConfigurationError: Plotly, or for pictures matplotlib, is not installed.

    Side effects:
        Replaces the file, and each picture, atomically.
    """
    plotly_script()  # what is missing is said before anything takes time
    runs = shown(found)
    parts = sections(runs, with_models=with_models)
    title = runs[0].name if len(runs) == 1 else f"{len(runs)} runs side by side"
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime())
    about = f"Made {made} by raysearch {metadata.version('raysearch')}."
    page = to_html(runs, parts, title=title, about=about).encode()
    files = {} if pictures is None else _drawn(parts, folder=pictures)
    for file, data in {path: page, **files}.items():
        _put(file, data)
    return Report(page=path, size_bytes=len(page), pictures=tuple(files))


def _drawn(parts: Sequence[Section], *, folder: Path) -> dict[Path, bytes]:
    """Return the PNG files by their paths; all are drawn before anything is written."""
    drawings = [drawing for part in parts for drawing in part.drawings]
    return {folder / f"{drawing.key}.png": to_png(drawing) for drawing in drawings}


def _put(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        LocalStorage(path.parent.absolute()).put(path.name, data)
        bring(path)
    except OSError as error:
        raise RunDirectoryError(
            f"{path} cannot be written: {error.strerror or error}. Give another path by --output."
        ) from error
