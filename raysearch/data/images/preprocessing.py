"""How does the file of an image become what the model takes, and its output an answer?

It travels in every checkpoint of a model that was trained on images, so that the checkpoint alone
turns files into predictions:

    from raysearch.data.images.preprocessing import load_preprocessing

    model = raysearch.load_model("runs/leaves-20261123-170912")
    preprocessing = load_preprocessing("runs/leaves-20261123-170912/winner/model.ckpt")
    outputs = model(torch.from_numpy(preprocessing.transform(["new/leaf.png"])))
    preprocessing.labels(outputs)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.data.images.arguments import Scaling
from raysearch.data.images.decoding import Plan, UnreadableImage, decode, quietly
from raysearch.data.images.listing import images_in
from raysearch.data.state import check_schema, stored_state
from raysearch.data.table.answers import labels_of, probabilities_of
from raysearch.data.table.classes import Label
from raysearch.data.table.target import Target
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KIND = "images"

_SCHEMA_VERSION = 1

_CHUNK = 1024
"""Images that are summed up at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelScale:
    """What models see of pixels from 0 to 255: (pixel / 255 - mean) / std, channel by channel."""

    mean: tuple[float, ...]
    """Of the training split, from 0 to 1; what fills a hole."""
    center: tuple[float, ...]
    """What is taken off: the mean, or 0."""
    spread: tuple[float, ...]
    """What it is divided by: the standard deviation, or 1. Above 0."""


def pixel_scale(
    pixels: NDArray[np.uint8], rows: NDArray[np.intp], *, scaling: Scaling
) -> PixelScale:
    """Return the scale of some of the examples.

    Shapes:
        pixels: (N, C, H, W) or (N, C, D, H, W)
        rows: (M,), which of them

    Example:
        >>> import numpy as np
        >>> black_and_white = np.array([0, 255], dtype=np.uint8).reshape(2, 1, 1, 1)
        >>> pixel_scale(black_and_white, np.array([0, 1]), scaling="standard").spread
        (0.5,)
    """
    import numpy as np

    n_channels = pixels.shape[1]
    total, squares, count = np.zeros(n_channels), np.zeros(n_channels), 0
    for first in range(0, len(rows), _CHUNK):
        # (M, C, ...) -> (C, M * ...)
        chunk = pixels[rows[first : first + _CHUNK]].swapaxes(0, 1).reshape(n_channels, -1)
        values = chunk / 255.0
        total, squares = total + values.sum(1), squares + (values**2).sum(1)
        count += values.shape[1]
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    if scaling == "unit":
        zeros, ones = (0.0,) * n_channels, (1.0,) * n_channels
        return PixelScale(mean=tuple(mean.tolist()), center=zeros, spread=ones)
    spread = np.where(std > 1e-6, std, 1.0)  # a channel of one value
    return PixelScale(
        mean=tuple(mean.tolist()), center=tuple(mean.tolist()), spread=tuple(spread.tolist())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePreprocessing:
    """What was learnt from the training split of images.

    Shapes:
        inputs: (N, C, H, W) float32, or (N, C, D, H, W) for clips
        outputs: (N, K) what a model gives: unnormalised log-probabilities of the classes, or for a
            regression (N, 1) standardised values
    """

    target: Target
    plan: Plan
    scale: PixelScale

    def transform(self, paths: str | Path | Sequence[str | Path]) -> NDArray[np.float32]:
        """Return the inputs of a model for images; for clips, `paths` are folders of frames.

        Args:
            paths: One or more; a single one is a batch of one.

        Raises:
            ConfigurationError: One cannot be read.
        """
        import numpy as np

        if isinstance(paths, str | Path):
            paths = [paths]
        found = []
        with quietly():
            for path in paths:
                try:
                    is_clip = self.plan.frames is not None and Path(path).is_dir()
                    files = images_in(Path(path)) if is_clip else [Path(path)]
                    found.append(decode([str(file) for file in files], self.plan))
                except UnreadableImage as error:
                    raise ConfigurationError(f"{error}. Give PNG or JPEG images.") from error
        return self.scaled(np.stack(found))

    def scaled(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the inputs of a model for pixels of the right shape."""
        import numpy as np

        shape = (-1, *[1] * (pixels.ndim - 2))
        center = np.array(self.scale.center, dtype=np.float32).reshape(shape)
        spread = np.array(self.scale.spread, dtype=np.float32).reshape(shape)
        return np.asarray((pixels.astype(np.float32) / np.float32(255) - center) / spread)

    def labels(self, outputs: Any) -> list[Label] | NDArray[np.float64]:
        """Return the likeliest class of each image, or numbers in the target's unit, (N,)."""
        return labels_of(self.target, outputs)

    def probabilities(self, outputs: Any) -> NDArray[np.float64]:
        """Return the probability of each class, (N, K), in the order of `target.classes`.

        Raises:
            ConfigurationError: The target is a number.
        """
        return probabilities_of(self.target, outputs)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        scale = {name: list(getattr(self.scale, name)) for name in ("mean", "center", "spread")}
        return {
            "schema_version": _SCHEMA_VERSION,
            "kind": KIND,
            "target": self.target.to_json(),
            "plan": self.plan.to_json(),
            "scale": scale,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ImagePreprocessing:
        """Return the preprocessing that `to_json` wrote.

        Raises:
            ConfigurationError: A newer version of raysearch wrote it.
        """
        check_schema(values, known=_SCHEMA_VERSION)
        scale = {name: tuple(numbers) for name, numbers in values["scale"].items()}
        return cls(
            target=Target.from_json(values["target"]),
            plan=Plan(**values["plan"]),
            scale=PixelScale(**scale),
        )


def load_preprocessing(checkpoint: str | Path) -> ImagePreprocessing:
    """Return the preprocessing in a checkpoint of a model that was trained on images.

    Raises:
        ConfigurationError: There is none in it.
        FileNotFoundError: There is no such file.
    """
    return ImagePreprocessing.from_json(stored_state(checkpoint, data=KIND, kind=KIND))
