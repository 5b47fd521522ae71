"""Which files does a search need on a cluster? The current folder, without what only burdens it."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from raysearch.errors import ConfigurationError
from raysearch.run_dir import RunDir

MEGA = 1_000_000
LARGEST_FILE = 50 * MEGA
"""Larger files are left out, in bytes: data belong into storage that all nodes reach."""
LARGEST_SUM = 200 * MEGA
"""Of all files together, in bytes: every node fetches them."""
MOST_FILES = 10_000
SHOWN = 5
"""Names in a message at most."""

_GENERATED = ("__pycache__", "node_modules", "*.egg-info")
_A_DAY = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive, so that the same files make the same archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What goes along."""

    folder: Path
    files: tuple[str, ...]
    """Relative to the folder, in order."""
    n_bytes: int
    too_large: tuple[tuple[str, int], ...] = ()
    """Files that are left out, with their sizes in bytes."""
    runs: tuple[str, ...] = ()
    """Run directories, which are left out."""

    def left_out(self) -> list[str]:
        """Return what a person should know of what stays here, a line each."""
        lines = [
            f"{name} ({size / MEGA:.0f} MB) stays here, for it is larger than "
            f"{LARGEST_FILE / MEGA:.0f} MB. Put it where all nodes reach it, and name that place"
            for name, size in self.too_large[:SHOWN]
        ]
        if len(self.too_large) > SHOWN:
            lines.append(f"{len(self.too_large) - SHOWN} more files are too large, and stay here")
        if self.runs:
            lines.append(f"run directories stay here: {', '.join(self.runs[:SHOWN])}")
        return lines


def packed(folder: Path, *, exclude: Sequence[str] = ()) -> Package:
    """Return which files of a folder go along.

    Hidden files and folders, virtual environments, run directories and what Python generates do
    not; nor do links to folders.

    Args:
        folder: The current folder.
        exclude: Patterns of paths below it, such as "data/*"; a folder's leaves out all in it.

    Raises:
        ConfigurationError: It is too much.
    """
    files: list[str] = []
    too_large: list[tuple[str, int]] = []
    runs: list[str] = []
    sizes: Counter[str] = Counter()
    for name, size in _walk(folder, exclude=exclude, runs=runs):
        if size > LARGEST_FILE:
            too_large.append((name, size))
            continue
        files.append(name)
        sizes[name.partition("/")[0]] += size
        if sizes.total() > LARGEST_SUM or len(files) > MOST_FILES:
            raise ConfigurationError(_too_much(folder, sizes, n_files=len(files)))
    return Package(
        folder=folder,
        files=tuple(files),
        n_bytes=sizes.total(),
        too_large=tuple(sorted(too_large, key=lambda each: -each[1])),
        runs=tuple(runs),
    )


def _walk(folder: Path, *, exclude: Sequence[str], runs: list[str]) -> Iterator[tuple[str, int]]:
    """Yield the files that may go along with their sizes; note the run directories passed by."""
    for place, folders, names in os.walk(folder):
        here = Path(place)
        prefix = "" if here == folder else f"{here.relative_to(folder).as_posix()}/"
        kept = []
        for name in sorted(folders):
            if _is_left_out(prefix + name, exclude) or (here / name / "pyvenv.cfg").exists():
                continue
            if RunDir(here / name).has_search():
                runs.append(prefix + name)
                continue
            kept.append(name)
        folders[:] = kept
        for name in sorted(names):
            path = here / name
            if not _is_left_out(prefix + name, exclude) and path.is_file():
                yield prefix + name, path.stat().st_size


def _is_left_out(path: str, exclude: Sequence[str]) -> bool:
    name = path.rpartition("/")[2]
    is_generated = any(fnmatch(name, pattern) for pattern in _GENERATED)
    return name.startswith(".") or is_generated or any(fnmatch(path, p) for p in exclude)


def _too_much(folder: Path, sizes: Counter[str], *, n_files: int) -> str:
    largest = ", ".join(f"{name} ({size / MEGA:.0f} MB)" for name, size in sizes.most_common(3))
    return (
        f"{folder} is too much to send: more than {LARGEST_SUM / MEGA:.0f} MB or {MOST_FILES} "
        f"files ({n_files} files so far; the largest: {largest}). Start in a folder that holds "
        "what the search needs, or leave something out, as --exclude 'data/*'. Nothing was sent."
    )


def write_archive(package: Package, path: Path) -> None:
    """Write the files of a package into a zip file; the same files make the same bytes."""
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name in package.files:
            entry = zipfile.ZipInfo(name, date_time=_A_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (package.folder / name).read_bytes())
