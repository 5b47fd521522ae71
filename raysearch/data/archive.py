"""How do arrays lie in one file, so that all processes of a node share its pages?

An uncompressed .npz, whose arrays begin at multiples of 64 bytes: it holds nothing but arrays,
reading it never unpickles, and NumPy opens it as any other. Small ones are read, large ones are
mapped into memory, read-only: the pages that a process looks at are read from the disk once,
belong to all processes, and are given up where memory is short. So arrays may be larger than
memory.

The checksums of what is mapped are compared once on a node; a small file beside it says which state
of the file that was. What the system does not map, as beyond a limit of the process, is read, and
that is said. Training and validation examples lie one after the other, so that to refit on
both needs no copy.
"""

from __future__ import annotations

import json
import logging
import math
import mmap
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from raysearch.data.memory import gibibytes
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]

MAPPED_FROM = 2**20
"""Files of this size in bytes and above are mapped, not read."""

REFIT = "refit"
"""Begins the names of arrays that hold those of training and validation, one after the other."""

_KEY = "raysearch_key"
"""Name of the entry that says what a file was built from."""

_TRAINED = "raysearch_n_train"
"""Name of the entry that says how many examples of each joined array are for training, as JSON."""

_ALIGNMENT = 64
_CHUNK_BYTES = 2**24
_PAD_ID, _ZIP64_BYTES, _LOCAL_HEADER_BYTES = 0x5352, 20, 30

_NO_ARCHIVE = (
    *(OSError, EOFError, KeyError, IndexError, ValueError, TypeError, AttributeError),
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, struct.error),
)
"""What reading says of a file that is no .npz of arrays, where NumPy says so in one of the first of
these ways, and of one that is damaged: a checksum or a header is wrong."""

_logger = logging.getLogger(__name__)


def write_archive(file: IO[bytes], arrays: Arrays, *, key: str) -> None:
    """Write arrays, a part at a time, whether they are in memory or in files.

    Args:
        file: Opened for writing, at its start.
        arrays: None of them of Python objects.
        key: What they were built from.

    Raises:
        ValueError: One is of Python objects.
        OSError: The disk does not take them.
    """
    import numpy as np

    entries, n_train = _entries(arrays)
    about = {_KEY: [np.array(key)], _TRAINED: [np.array(json.dumps(n_train))]}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, parts in {**about, **entries}.items():
            _write_entry(archive, name, parts)


def read_archive(path: Path, *, key: str) -> Arrays | None:
    """Return the arrays in a file, or None if it is missing, damaged or of another key.

    Those of a large file are mapped, and must not be written to.

    Raises:
        ConfigurationError: The system maps no file of that size, and it does not fit into memory.

    Side effects:
        Of a large file that nobody has compared with its checksums, all is read, and a small file
        beside it says so.
    """
    import numpy as np

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entries:
            if str(entries[_KEY]) != key:
                return None
            found = (
                _of_large(file, entries, path=path)
                if os.fstat(file.fileno()).st_size >= MAPPED_FROM
                else _of_memory(entries)
            )
    except ConfigurationError:
        raise
    except _NO_ARCHIVE:
        return None
    n_train = json.loads(str(found.pop(_TRAINED))) if _TRAINED in found else {}
    del found[_KEY]
    for name, n in n_train.items():
        role, whole = name.removeprefix(REFIT), found[name]
        found[f"train{role}"], found[f"validation{role}"] = whole[:n], whole[n:]
    return found


def key_of(path: Path) -> str | None:
    """Return what a file was built from; None if it is none of ours, or damaged."""
    import numpy as np

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entries:
            return str(entries[_KEY])
    except _NO_ARCHIVE:
        return None


def note_seen(path: Path) -> None:
    """Note that a file, which was just written, has the checksums that it should have."""
    if (status := path.stat()).st_size >= MAPPED_FROM:
        path.with_suffix(".seen").write_text(_state(status))


def _entries(arrays: Arrays) -> tuple[dict[str, list[NDArray[Any]]], dict[str, int]]:
    """Return what lies one after the other under which name, and how much of that is training."""
    entries: dict[str, list[NDArray[Any]]] = {}
    n_train = {}
    for name, array in arrays.items():
        part, _, role = name.partition("_")
        train, other = arrays.get(f"train_{role}"), arrays.get(f"validation_{role}")
        if part not in ("train", "validation") or train is None or not _are_alike(train, other):
            entries[name] = [array]
        elif part == "train" and other is not None:
            entries[f"{REFIT}_{role}"], n_train[f"{REFIT}_{role}"] = [train, other], len(train)
    return entries, n_train


def _are_alike(train: NDArray[Any], other: NDArray[Any] | None) -> bool:
    """Return whether arrays differ in their first dimension alone."""
    return (
        other is not None
        and train.ndim > 0
        and train.dtype == other.dtype
        and train.shape[1:] == other.shape[1:]
    )


def _write_entry(archive: zipfile.ZipFile, name: str, parts: Sequence[NDArray[Any]]) -> None:
    """Write arrays that differ in their first dimension alone as one."""
    import numpy as np

    first = parts[0]
    if first.dtype.hasobject:
        raise ValueError(f"Object arrays cannot be saved, such as {name}.")
    shape = (sum(map(len, parts)), *first.shape[1:]) if len(parts) > 1 else first.shape
    entry = zipfile.ZipInfo(f"{name}.npy")
    start = archive.start_dir + _LOCAL_HEADER_BYTES + len(entry.filename.encode()) + _ZIP64_BYTES
    pad = -(start + 4) % _ALIGNMENT
    entry.extra = struct.pack("<HH", _PAD_ID, pad) + bytes(pad)
    layout = {
        "descr": np.lib.format.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": shape,
    }
    with archive.open(entry, "w", force_zip64=True) as file:
        np.lib.format.write_array_header_2_0(file, layout)  # a multiple of 64 bytes
        for part in parts:
            for chunk in _chunks(part):
                file.write(chunk)


def _chunks(array: NDArray[Any]) -> Iterator[bytes]:
    import numpy as np

    if not array.ndim:
        yield array.tobytes()
        return
    each = max(1, _CHUNK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array), each):
        yield np.ascontiguousarray(array[start : start + each]).tobytes()


def _of_large(file: IO[bytes], entries: Any, *, path: Path) -> Arrays:
    """Return the arrays, mapped, or read where the system does not map the file.

    Raises:
        ConfigurationError: It does not fit into memory, either.
        BadZipFile, ValueError: It is damaged, or no file of ours.
    """
    size = gibibytes(os.fstat(file.fileno()).st_size)
    try:
        return _mapped(file, entries.zip, seen=path.with_suffix(".seen"))
    except _NotMapped as error:
        reason = str(error)
    try:
        found = _of_memory(entries)
    except MemoryError as error:
        raise ConfigurationError(
            f"{path}, {size} of prepared data, can neither be mapped into memory ({reason}) nor "
            "read. It is not damaged: a limit of this process forbids it. Raise the limit "
            "(`ulimit -v unlimited`), or give fewer or smaller examples."
        ) from error
    _logger.warning(
        "%s cannot be mapped into memory (%s), so each process holds its %s by itself. It is not "
        "damaged: raise the limit of processes (`ulimit -v unlimited`), or set RAYSEARCH_CACHE_DIR "
        "to a folder of a local disk.",
        path,
        reason,
        size,
    )
    return found


def _of_memory(entries: Any) -> Arrays:
    return {name: entries[name] for name in entries.files}


class _NotMapped(Exception):
    """Why the system does not map a file."""


def _mapped(file: IO[bytes], archive: zipfile.ZipFile, *, seen: Path) -> Arrays:
    """Return the arrays, which share the pages of the file with all who map it.

    Raises:
        _NotMapped: The system does not map it.
        BadZipFile, ValueError: It is damaged, or no file of ours.
    """
    state = _state(os.fstat(file.fileno()))
    if not _was_seen(seen, state=state):
        if archive.testzip() is not None:
            raise zipfile.BadZipFile("a checksum is wrong")
        _note(seen, state=state)
    try:
        pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    except OSError as error:
        raise _NotMapped(error.strerror or error) from error
    found = {}
    for entry in archive.infolist():
        if entry.compress_type != zipfile.ZIP_STORED:
            raise zipfile.BadZipFile("an array is compressed")
        found[entry.filename.removesuffix(".npy")] = _array(file, entry, pages=pages)
    return found


def _array(file: IO[bytes], entry: zipfile.ZipInfo, *, pages: mmap.mmap) -> NDArray[Any]:
    import numpy as np

    file.seek(entry.header_offset)
    header = file.read(_LOCAL_HEADER_BYTES)
    n_name, n_extra = struct.unpack("<HH", header[26:30])
    file.seek(n_name + n_extra, os.SEEK_CUR)
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, is_fortran, dtype = read(file)
    if dtype.hasobject or is_fortran:
        raise ValueError("an array that is not mapped")
    values = np.frombuffer(pages, dtype=dtype, count=math.prod(shape), offset=file.tell())
    return values.reshape(shape)


def _state(status: os.stat_result) -> str:
    """Return what differs where a file was changed."""
    return json.dumps([status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns])


def _was_seen(seen: Path, *, state: str) -> bool:
    try:
        return seen.read_text() == state
    except (OSError, ValueError):
        return False


def _note(seen: Path, *, state: str) -> None:
    try:
        seen.write_text(state)
    except OSError:
        return  # it is compared again, then
