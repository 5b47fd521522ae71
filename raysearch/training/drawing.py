"""What does a model look like that was trained? Pictures of what it has learnt, as PNG files.

A module draws by a method `pictures(inputs) -> {name: image}`: it is given a batch of validation
inputs, and each image is a tensor (C, H, W) in [0, 1], grey or in red, green and blue. The test
split is not looked at.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from raysearch.errors import Unsupported
from raysearch.imports import load_object
from raysearch.training.building import Parts
from raysearch.training.isolation import isolated
from raysearch.training.job import TrainingJob
from raysearch.training.trained import open_trained

METHOD = "pictures"
"""What the method of a module is called that draws."""

MOST = 32
"""Pictures that are kept of a model."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Names that are fit for files."""

_COLOURS = {1: 0, 3: 2}
"""Channels -> how the format calls them: grey, or red, green and blue."""


def draw(job: TrainingJob, *, checkpoint: str) -> dict[str, bytes]:
    """Return the pictures that a model draws, each as the bytes of a PNG file, by name.

    Args:
        job: Says which model and data.
        checkpoint: Path of a checkpoint that the job's model wrote.

    Returns:
        Nothing where the model's class has no method that draws; then nothing is read either.

    Raises:
        Unsupported: The data module has no validation data, or what was drawn is no picture.
        TrialFailed: The checkpoint holds more than tensors, plain values and what the job allows.
            Whatever model or data raise passes through.
    """
    if job.kind != "module" or not callable(getattr(load_object(job.model_class), METHOD, None)):
        return {}
    with isolated(threads=job.threads), torch.no_grad():
        parts = open_trained(job, checkpoint)
        return encoded(parts.model.pictures(_inputs(parts)))


def encoded(pictures: Mapping[str, Any]) -> dict[str, bytes]:
    """Return pictures as the bytes of PNG files, by name.

    Args:
        pictures: Name -> tensor (C, H, W) in [0, 1]; what lies outside is cut off.

    Raises:
        Unsupported: A name is not fit for a file, something is no picture, or there are too many.
    """
    if len(pictures) > MOST:
        raise Unsupported(f"{METHOD} returns {len(pictures)} pictures, and {MOST} are the most")
    for name, image in pictures.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise Unsupported(
                f"{METHOD} calls a picture {name!r:.80}. A name is 1 to 64 of a to z, 0 to 9, _ "
                "and -"
            )
        fits = isinstance(image, Tensor) and image.ndim == 3 and image.shape[0] in _COLOURS
        if not fits or 0 in image.shape:
            what = tuple(image.shape) if isinstance(image, Tensor) else type(image).__name__
            raise Unsupported(
                f"{METHOD} returns {what} for {name}. A picture is a tensor (C, H, W) with 1 or 3 "
                "channels"
            )
    return {name: png(image) for name, image in pictures.items()}


def png(image: Tensor) -> bytes:
    """Return an image (C, H, W) in [0, 1], C 1 or 3, as the bytes of a PNG file.

    References:
        ISO/IEC 15948:2004, Portable Network Graphics.
    """
    channels, height, width = image.shape
    shades = image.detach().to("cpu", torch.float32).nan_to_num(0).clamp(0, 1) * 255
    # (C, H, W) -> (H, W C): each row behind a 0, which says that it is written as it is
    rows = shades.round().to(torch.uint8).permute(1, 2, 0).reshape(height, width * channels)
    lines = torch.cat([rows.new_zeros(height, 1), rows], dim=1)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    body = zlib.compress(lines.contiguous().numpy().tobytes())
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _inputs(parts: Parts) -> Any:
    """Return the inputs of the first batch of validation data."""
    data = parts.data
    if not parts.namespace.overrides(data, "val_dataloader"):
        raise Unsupported("the data module has no val_dataloader, from which pictures are drawn")
    data.prepare_data()
    data.setup("validate")
    loaders = data.val_dataloader()
    loader = loaders[0] if isinstance(loaders, list | tuple) else loaders
    batch = next(iter(loader), None)
    if batch is None:
        raise Unsupported("the data module's val_dataloader yields nothing to draw pictures from")
    return batch[0] if isinstance(batch, list | tuple) else batch
