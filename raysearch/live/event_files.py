"""How are TensorBoard's event files written and read without TensorFlow?

An event file is a sequence of checksummed records, of which the first names the format. Files are
opened for each write and closed after it: none stays open however many trials there are, and a
reader on another machine sees what was written (NFS shows a file's bytes when it is closed).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event  # noqa: TID253 - loaded with the writer only
from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: TID253 - as above
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import (  # noqa: TID253 - as above
    masked_crc32c,
)
from tensorboard.summary.writer.record_writer import RecordWriter  # noqa: TID253 - as above

from raysearch.run_dir import LocalStorage

PREFIX = "events.out.tfevents."
"""TensorBoard reads the files whose names hold "tfevents", in the order of their names."""


def append(path: Path, *events: Any) -> None:
    """Add events to a file with one write; a new file gets its head, and its folder is made.

    Args:
        path: The file, whose name begins with `PREFIX`.
        events: `Event` messages.
    """
    head: tuple[Any, ...] = ()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        head = (_head(),)
    with path.open("ab") as file:
        file.write(_records(*head, *events))


def replace(path: Path, *events: Any) -> None:
    """Make a file hold these events and no others; a reader sees the old or the new, never a part.

    Args:
        path: The file, whose name begins with `PREFIX`.
        events: `Event` messages.
    """
    LocalStorage(path.parent).put(path.name, _records(_head(), *events))


def scalars(values: Mapping[str, float | None], *, step: int, at: float) -> Any:
    """Return the event with values by tag; None, a value that was not finite, becomes NaN.

    Args:
        values: Any number of them.
        step: Where on the x axis, such as the epoch.
        at: Unix time in seconds.
    """
    summary = Summary()
    for tag, value in values.items():
        summary.value.add(tag=tag, simple_value=float("nan") if value is None else value)
    return Event(wall_time=at, step=step, summary=summary)


def images(pictures: Mapping[str, tuple[bytes, tuple[int, int]]], *, step: int, at: float) -> Any:
    """Return the event with pictures by tag.

    Args:
        pictures: PNG files, each with width and height in pixels.
        step: Where on the slider, such as the epoch.
        at: Unix time in seconds.
    """
    summary = Summary()
    for tag, (data, (width, height)) in pictures.items():
        image = Summary.Image(encoded_image_string=data, width=width, height=height)
        summary.value.add(tag=tag, image=image)
    return Event(wall_time=at, step=step, summary=summary)


def last_step(folder: Path) -> int | None:
    """Return the largest step in a folder's event files; None if there are no such files.

    A record that was cut short by a kill ends its file, as it does for TensorBoard.
    """
    files = sorted(folder.glob(f"{PREFIX}*"))
    return max((step for file in files for step in _steps(file)), default=0) if files else None


def _head() -> Any:
    return Event(file_version="brain.Event:2")


def _records(*events: Any) -> bytes:
    buffer = io.BytesIO()
    records = RecordWriter(buffer)
    for event in events:
        records.write(event.SerializeToString())
    return buffer.getvalue()


def _steps(file: Path) -> Iterator[int]:
    return (Event.FromString(record).step for record in _intact(file.read_bytes()))


def _intact(data: bytes) -> Iterator[bytes]:
    """Yield the records up to the first that was cut short or changed.

    TensorBoard's own reader would load TensorFlow where that is installed.
    """
    offset = 0
    while offset + _HEAD_BYTES + _FOOT_BYTES <= len(data):
        (length,) = struct.unpack_from("<Q", data, offset)
        end = offset + _HEAD_BYTES + length
        record = data[offset + _HEAD_BYTES : end]
        if data[end : end + _FOOT_BYTES] != struct.pack("<I", masked_crc32c(record)):
            return
        yield record
        offset = end + _FOOT_BYTES


_HEAD_BYTES = 12
"""Length of the record in eight bytes, and the checksum of those."""
_FOOT_BYTES = 4
"""Checksum of the record."""
