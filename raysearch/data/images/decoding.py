"""How does the file of an image become numbers of a given shape?"""

from __future__ import annotations

import math
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from raysearch.data.images.arguments import Resize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG")

_SIDEWAYS = (5, 6, 7, 8)
"""Values of the EXIF orientation of images that lie on their side."""

_ORIENTATION = 0x0112

_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What pillow raises for damaged files."""

_GREY_MODES = ("1", "L", "LA", "I", "F")


class UnreadableImage(Exception):
    """A file is no whole image; the text says why."""


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what pillow warns of from the screen: damaged metadata, which do not matter here.

    For the whole process, so it is entered once, outside of threads.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says about an image before its pixels are read."""

    height: int
    width: int
    is_grey: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What all images are brought to."""

    height: int
    width: int
    channels: int
    """1 or 3."""
    resize: Resize
    frames: int | None = None
    """Of clips."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example: (C, H, W), or (C, D, H, W) for clips."""
        depth = () if self.frames is None else (self.frames,)
        return (self.channels, *depth, self.height, self.width)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `Plan(**values)` takes."""
        return asdict(self)


def header(path: str) -> Header:
    """Return what the header of an image says.

    Raises:
        UnreadableImage: It is no PNG or JPEG, or is not there.
    """
    with _opened(path) as image:
        height, width = image.height, image.width
        # of a PNG, pillow would read all pixels for it
        if image.format == "JPEG" and image.getexif().get(_ORIENTATION) in _SIDEWAYS:
            height, width = width, height
        is_grey = image.mode in _GREY_MODES or image.mode.startswith("I;")
        return Header(height=height, width=width, is_grey=is_grey)


def decode(files: Sequence[str], plan: Plan) -> NDArray[np.uint8]:
    """Return an example, (C, H, W), or (C, D, H, W) for a clip.

    Of a clip with more frames than `plan.frames`, these are evenly spaced, with the first and the
    last; of one with fewer, some are repeated. An image is turned as its EXIF orientation says,
    what is transparent becomes white, and 16 bits become 8.

    Args:
        files: The path of an image, or those of the frames of a clip.
        plan: What to bring it to.

    Raises:
        UnreadableImage: A file is no whole PNG or JPEG, or is not there; or there are none.
    """
    import numpy as np

    if not files:
        raise UnreadableImage("there is no such file or folder of images")
    if plan.frames is None:
        return _pixels(files[0], plan)
    places = np.linspace(0, len(files) - 1, plan.frames).round().astype(int)
    frames = {place: _pixels(files[place], plan) for place in set(places.tolist())}
    # D times (C, H, W) -> (C, D, H, W)
    return np.stack([frames[place] for place in places.tolist()], axis=1)


def _pixels(path: str, plan: Plan) -> NDArray[np.uint8]:
    """Return the pixels of one image, (C, H, W)."""
    import numpy as np
    from PIL import Image, ImageOps

    with _opened(path) as opened:
        try:
            opened.load()
            upright = ImageOps.exif_transpose(opened)
        except _DAMAGED as error:
            raise UnreadableImage(f"{path}: {_reason(error)}") from error
        image = _in_mode(upright, "L" if plan.channels == 1 else "RGB")
    size = (plan.width, plan.height)
    if image.size != size:
        bilinear = Image.Resampling.BILINEAR  # over all pixels that fall into one
        if plan.resize == "crop":
            image = ImageOps.fit(image, size, bilinear)
        elif plan.resize == "pad":
            image = ImageOps.pad(image, size, bilinear)
        else:
            image = image.resize(size, bilinear)
    values = np.asarray(image)
    # (H, W) or (H, W, C) -> (C, H, W)
    return values[None] if values.ndim == 2 else np.ascontiguousarray(values.transpose(2, 0, 1))


def _in_mode(image: Image, mode: str) -> Image:
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I"):
        # 16 bits -> 8 bits: pillow itself would cut off all that is above 255
        values = np.asarray(image).astype(np.int64) // 257
        image = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if "transparency" in image.info or image.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == mode else image.convert(mode)


def _opened(path: str) -> Image:
    from PIL import Image

    limit = Image.MAX_IMAGE_PIXELS or 0
    too_large = f"{path}: more than {math.floor(limit / 1e6)} million pixels"
    try:
        image = Image.open(path, formats=_FORMATS)
    except _DAMAGED as error:
        raise UnreadableImage(f"{path}: {_reason(error)}") from error
    except Image.DecompressionBombError as error:  # of twice the limit
        raise UnreadableImage(too_large) from error
    if image.width * image.height > limit > 0:
        image.close()
        raise UnreadableImage(too_large)
    return image


def _reason(error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "no PNG or JPEG image"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")
