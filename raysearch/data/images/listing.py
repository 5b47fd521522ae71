"""Which images are there, and what is said of each?

Either folders say it: one for each class, and above these, if need be, one for each split. Or a
table does, with a column of paths. A clip is a folder of numbered images in place of an image.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.counting import agreeing
from raysearch.data.arguments import listed
from raysearch.data.images.arguments import CLASS, ENDINGS, ImagesArguments
from raysearch.data.table.joining import Rows, column_faults, read_rows
from raysearch.data.table.splitting import WORDS
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import Any

    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All examples, of which nothing has been opened yet."""

    files: tuple[tuple[str, ...], ...]
    """Of each example: the path of its image, or those of its frames; empty if there is none."""
    names: tuple[str, ...]
    """Of each example: what tells it from others, for the fingerprint."""
    places: tuple[str, ...]
    """Of each example: where it is, for a message."""
    frame: pd.DataFrame
    """A row for each example: its class, or all columns of the table."""
    told: NDArray[Any] | None
    """Which split each example is told to be in, as text; None if nothing tells."""
    notes: tuple[str, ...] = ()


def list_images(arguments: ImagesArguments) -> Listing:
    """Return the examples, in an order that depends on their names, or on the table, alone.

    Raises:
        ConfigurationError: There are none, a class has none, or the table does not fit.
    """
    try:
        arguments.check_source()
        return _of_folders(arguments) if arguments.is_folder else _of_table(arguments)
    except OSError as error:
        raise ConfigurationError(
            f"path is {arguments.path}, where {error.filename} cannot be read ({error.strerror}). "
            "Change who may read it, or give another folder."
        ) from error


def numbered(names: Sequence[str]) -> list[str]:
    """Return names in the order of the numbers in them.

    Example:
        >>> numbered(["frame10.png", "frame9.png"])
        ['frame9.png', 'frame10.png']
    """

    def key(name: str) -> list[tuple[bool, int, str]]:
        parts = re.split(r"(\d+)", name)
        return [(p.isdigit(), int(p) if p.isdigit() else 0, p) for p in parts]

    return sorted(names, key=lambda name: (key(name), name))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ClassFolder:
    """The folder of a class."""

    path: Path
    root: Path
    """What `path` or `test_path` says."""
    told: str
    """The split that its images are told to be in."""

    @property
    def name(self) -> str:
        return str(self.path.relative_to(self.root))


def _of_folders(arguments: ImagesArguments) -> Listing:
    import numpy as np
    import pandas as pd

    folders, is_told = _class_folders("path", Path(arguments.path))
    folders = _with_test(folders, is_told=is_told, arguments=arguments)
    examples: list[tuple[str, ...]] = []
    classes, told, names, others, faults = [], [], [], [], []
    places: list[str] = []
    for folder in folders:
        found, extra = _examples(folder, is_clips=arguments.frames is not None)
        if not found:
            faults.append(_without_images(folder, extra, frames=arguments.frames))
        others += extra
        examples += found
        classes += [folder.path.name] * len(found)
        told += [folder.told] * len(found)
        paths = [_path_of(files, is_clip=bool(arguments.frames)) for files in found]
        within = [str(path.relative_to(folder.root)) for path in paths]
        names += within
        # of the folder that messages begin with, so without it
        places += within if str(folder.root) == arguments.path else map(str, paths)
    if faults:
        raise ConfigurationError(faults)
    return Listing(
        files=tuple(examples),
        names=tuple(names),
        places=tuple(places),
        frame=pd.DataFrame({CLASS: pd.Series(classes, dtype=object)}),
        told=np.array(told, dtype=object) if is_told or arguments.test_path else None,
        notes=tuple(_folder_notes(folders, examples, others, frames=arguments.frames)),
    )


def _with_test(
    folders: Sequence[_ClassFolder], *, is_told: bool, arguments: ImagesArguments
) -> list[_ClassFolder]:
    """Return the folders with those of `test_path`, once it is clear which images are the test."""
    parts = {folder.told for folder in folders}
    if arguments.test_path is not None:
        if "test" in parts:
            raise ConfigurationError(
                f"test_path is {arguments.test_path}, but path is {arguments.path}, which has a "
                "folder for the test itself. Leave test_path out, or take that folder out of path."
            )
        of_test, _ = _class_folders("test_path", Path(arguments.test_path))
        folders = [*folders, *(replace(folder, told="test") for folder in of_test)]
        parts.add("test")
    absent = {"train", "test"} - parts
    if is_told and absent:
        raise ConfigurationError(
            f"path is {arguments.path}, whose folders are named after splits, but {listed(absent)} "
            "has no folder with classes in it. Add it, or the folder of the test as test_path; "
            "validation is drawn where it is not there."
        )
    return list(folders)


def _class_folders(argument: str, root: Path) -> tuple[list[_ClassFolder], bool]:
    """Return the folders of classes, and whether folders above them tell the split."""
    inner = _folders(root)
    if not inner:
        kind = "has images, but no folders" if any(images_in(root)) else "has no folders"
        raise ConfigurationError(
            f"{argument} is {root}, which {kind}. Give a folder that has a folder of images for "
            "each class, or a table with a column of paths and one of targets."
        )
    part_of = {word: part for part, words in WORDS.items() for word in words}
    parts = {folder: part_of.get(folder.name.casefold()) for folder in inner}
    if None in parts.values() or len(set(parts.values())) < 2:
        return [_ClassFolder(path=path, root=root, told="train") for path in inner], False
    found = [
        _ClassFolder(path=path, root=root, told=part or "")
        for folder, part in parts.items()
        for path in _folders(folder)
    ]
    return found, True


def _examples(folder: _ClassFolder, *, is_clips: bool) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return the files of each example of a class, and the names of files that are no images."""
    if is_clips:
        clips = [tuple(map(str, images_in(inner))) for inner in _folders(folder.path)]
        return [files for files in clips if files], []
    seen = [path for path in folder.path.rglob("*") if not _is_hidden(path, folder.path)]
    # a link to nowhere is an image that cannot be read
    files = sorted(p for p in seen if p.is_file() or (p.is_symlink() and not p.is_dir()))
    images: list[tuple[str, ...]] = [
        (str(path),) for path in files if path.suffix.lower() in ENDINGS
    ]
    return images, [str(path) for path in files if path.suffix.lower() not in ENDINGS]


def _without_images(folder: _ClassFolder, others: Sequence[str], *, frames: int | None) -> str:
    what = "folder of images, one for each clip" if frames is not None else "PNG or JPEG image"
    instead = f" It has {listed([Path(name).name for name in others], most=3)}." if others else ""
    return (
        f"path is {folder.root}, whose folder {folder.name} has no {what}.{instead} Take the "
        "folder out, or put the images of that class in it."
    )


def _folder_notes(
    folders: Sequence[_ClassFolder],
    examples: Sequence[tuple[str, ...]],
    others: Sequence[str],
    *,
    frames: int | None,
) -> list[str]:
    notes = []
    if others:
        are = agreeing(
            len(others),
            "file is left out, since its name does",
            "files are left out, since their names do",
        )
        notes.append(f"{are} not end as those of PNG or JPEG images do, such as {others[0]}.")
    own = {folder.path for folder in folders}
    n_nested = sum(Path(files[0]).parent not in own for files in examples)
    if n_nested and frames is None:
        notes.append(
            f"{agreeing(n_nested, 'image lies', 'images lie')} in folders inside that of their "
            "class; each is an example. If each such folder is a clip, write `frames: N`."
        )
    return notes


def _of_table(arguments: ImagesArguments) -> Listing:
    rows = read_rows(arguments.as_table())
    named = ("image", "target", "split", "order_by", "group")
    faults = column_faults(list(rows.frame), {name: getattr(arguments, name) for name in named})
    if faults:
        raise ConfigurationError(faults)
    files, names, places = [], [], []
    for row, value in enumerate(rows.frame[arguments.image]):
        text = value.strip() if isinstance(value, str) else ""
        files.append(_files_of(text, row=row, rows=rows, is_clip=arguments.frames is not None))
        place = rows.place(row)
        places.append(f"{text or 'no path'} in {place}")
        if row < rows.n_first:  # the table may be moved with its images
            place = f"row {row + 1}"
        names.append(f"{text or 'no path'} in {place}")
    return Listing(
        files=tuple(files),
        names=tuple(names),
        places=tuple(places),
        frame=rows.frame,
        told=rows.told(),
        notes=rows.notes,
    )


def _files_of(text: str, *, row: int, rows: Rows, is_clip: bool) -> tuple[str, ...]:
    """Return the files of the example that a cell of a table names, none if it names none."""
    if not text:
        return ()
    table = rows.arguments.path if row < rows.n_first else rows.arguments.test_path or ""
    path = Path(table).parent / text
    if is_clip:
        return tuple(map(str, images_in(path))) if path.is_dir() else ()
    return (str(path),)


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def images_in(folder: Path) -> list[Path]:
    """Return the images that lie in a folder, in the order of the numbers in their names."""
    names = [p.name for p in folder.iterdir() if p.suffix.lower() in ENDINGS and p.is_file()]
    return [folder / name for name in numbered([n for n in names if not n.startswith(".")])]


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _path_of(files: Sequence[str], *, is_clip: bool) -> Path:
    path = Path(files[0])
    return path.parent if is_clip else path
