"""How do the winner's pictures appear in TensorBoard?

`tensorboard/winner/` holds them under their names, one file that is written anew with each winner.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

from raysearch.live import event_files
from raysearch.run_dir import RunDir
from raysearch.run_dir.layout import PICTURES

WINNER = "winner"
"""Name of the run that shows the winner's pictures."""
FILE = f"{event_files.PREFIX}0000000000.pictures"

_HEAD = struct.Struct(">8s8xII")
"""How a PNG file begins: its signature, and, behind length and name of a part, width and height."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def show_pictures(run_dir: Path) -> None:
    """Show the pictures in `winner/pictures/` in TensorBoard, in the place of those before.

    Args:
        run_dir: The run directory.

    Raises:
        OSError: They cannot be read or written, or lead out of the run directory.

    Side effects:
        Replaces the file in `tensorboard/winner/` atomically; removes it where there are none.
    """
    found = RunDir(run_dir)
    pictures = {
        Path(key).stem: found.storage.read(key)
        for key in found.storage.keys(PICTURES)
        if key.endswith(".png")
    }
    sized = {name: (data, _size(data)) for name, data in pictures.items()}
    images = {name: (data, size) for name, (data, size) in sized.items() if size is not None}
    path = found.tensorboard / WINNER / FILE
    if images:
        event_files.replace(path, event_files.images(images, step=0, at=time.time()))
    else:
        path.unlink(missing_ok=True)


def _size(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG file in pixels, None if it is none."""
    if len(data) < _HEAD.size:
        return None
    signature, width, height = _HEAD.unpack_from(data)
    return (width, height) if signature == _SIGNATURE else None
