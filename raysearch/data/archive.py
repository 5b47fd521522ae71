"""How do arrays lie in one file, so that all processes of a node share its pages?

An uncompressed .npz, whose arrays begin at multiples of 64 bytes: it holds nothing but arrays,
reading it never unpickles, and NumPy opens it as any other. Small ones are read, large ones are
mapped into memory, read-only: the pages that a process looks at are read from the disk once,
belong to all processes, and are given up where memory is short. So arrays may be larger than
memory.

The checksums of what is mapped are compared once on a node; a small file beside it says which state
of the file that was. Training and validation examples lie one after the other, so that to refit on
both needs no copy.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

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

    Side effects:
        Of a large file that nobody has compared with its checksums, all is read, and a small file
        beside it says so.
    """
    import numpy as np

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entries:
            if str(entries[_KEY]) != key:
                return None
            status = os.fstat(file.fileno())
            found = (
                _mapped(file, entries.zip, seen=path.with_suffix(".seen"))
                if status.st_size >= MAPPED_FROM
                else {name: entries[name] for name in entries.files}
            )
    except FileNotFoundError:
        return None
    except (OSError, EOFError, KeyError, IndexError, ValueError, TypeError, AttributeError):
        return None  # not an .npz of arrays: NumPy says so in one of these ways
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, struct.error):
        return None  # damaged: a checksum or a header is wrong
    n_train = json.loads(str(found.pop(_TRAINED))) if _TRAINED in found else {}
    del found[_KEY]
    for name, n in n_train.items():
        role, whole = name.removeprefix(REFIT), found[name]
        found[f"train{role}"], found[f"validation{role}"] = whole[:n], whole[n:]
    return found


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


def _mapped(file: IO[bytes], archive: zipfile.ZipFile, *, seen: Path) -> Arrays:
    """Return the arrays, which share the pages of the file with all who map it.

    Raises:
        BadZipFile, ValueError: It is damaged, or no file of ours.
    """
    state = _state(os.fstat(file.fileno()))
    if not _was_seen(seen, state=state):
        if archive.testzip() is not None:
            raise zipfile.BadZipFile("a checksum is wrong")
        _note(seen, state=state)
    pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
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
