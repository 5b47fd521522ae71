"""How are images split, varied and cut into batches, and what does a checkpoint keep of them?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from raysearch.checks import raise_faults
from raysearch.data.fold_rows import fold_rows
from raysearch.data.images.arguments import PARAMETERS, ImagesArguments, Policy, Resize, Scaling
from raysearch.data.images.augmentation import Augmentation
from raysearch.data.images.loading import ImageLoader
from raysearch.data.images.preparing import PREPARATION, pixels, settled
from raysearch.data.images.preprocessing import ImagePreprocessing
from raysearch.data.images.space import parameter_faults
from raysearch.data.meaning import Meaning, meaning_of_target
from raysearch.data.pages import are_streamed, as_tensor, read_by_page
from raysearch.data.preparation import as_text
from raysearch.data.state import STATE, check_state
from raysearch.data.tensors import of_both
from raysearch.data_spec import Task


class Data(pl.LightningDataModule):
    """Images of one's own, a folder for each class or a table of paths; clips as folders of frames.

    The images are kept with 8 bits a number, and brought to float32 batch by batch. In training
    alone they are varied, in whole batches; see `augmentation.Augmentation` for what each of the
    four variations does, and why mixup leaves classes as they are.

    Args:
        batch_size: Images in a training batch, at least 1.
        seed: Has no effect: the split has a seed of its own, `split_seed`.
        flip: Mirrored half of the time: "none", "horizontal", "vertical" or "both".
        crop: Shifted by up to this share of height and width, 0 to 0.5.
        cutout: Side of a square that is painted over, as a share of height and width, 0 to 0.9.
        mixup: How much images are mixed, 0 to 4; 0 is not at all.
        path: A folder with a folder for each class, above which may be folders named train,
            validation and test; or a CSV, Parquet or JSON lines file of paths and targets.
        test_path: Another one, whose images are the test; `test` then has no effect.
        image: Of a table: column of paths, relative to the table.
        target: Of a table: column to be predicted.
        task: Of a table: "classification" or "regression"; None to tell by the target.
        positive: Of two classes, the one that is looked for; None for one such as "yes", else the
            rarer one.
        split: Of a table: column that says train, validation or test. Where none is for validation,
            some of those for training are.
        order_by: Of a table: column of dates or numbers; the latest images are the test.
        group: Of a table: column whose images of one value stay together in a split.
        dates: Of a table: formats of the dates of `order_by`, where they are in doubt.
        validation: Share of the images for validation, from 0.05 to 0.45.
        test: Share of the images for the test, from 0.05 to 0.45; both together at most 0.5.
        split_seed: Governs which images each split holds.
        size: Height and width in pixels, or one number for both; None for that of the images where
            it is the same for all and at most 128, else about their shape and at most 64.
        resize: Where an image has another shape: "stretch" it, "crop" its middle, or "pad" it.
        channels: 1 (grey) or 3 (colours); None for 1 where all files are grey.
        frames: Frames of a clip, evenly spaced among those in its folder; None for images.
        scaling: "unit", from 0 to 1, or "standard", by the training split's mean and deviation.
        unreadable: "refuse" images that cannot be read, or "drop" them.
        memory_gb: Images that take at most this (8 bits a number), and not more than can be had,
            are read by each process. The others stay on the disk, mapped into memory, which all
            processes of a machine share: by default, all of them.
        separator: Of a table, as of data `table`.
        decimal: Of a table, as of data `table`.
        encoding: Of a table, as of data `table`.
        fingerprint: Of the files, which are refused if they have another; None to take them as
            they are.

    Shapes:
        inputs: (B, C, H, W) float32, or (B, C, D, H, W) for clips
        targets: (B,) int64 classes (see `Target.classes`), or (B, 1) float32 standardised
        B batch, C channels, D frames, H and W height and width in pixels

    Raises:
        ConfigurationError: An argument is wrong, or the files do not fit it.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        seed: int = 0,
        flip: str = "none",
        crop: float = 0.1,
        cutout: float = 0.0,
        mixup: float = 0.0,
        path: str,
        test_path: str | None = None,
        image: str | None = None,
        target: str | None = None,
        task: Task | None = None,
        positive: str | None = None,
        split: str | None = None,
        order_by: str | None = None,
        group: str | None = None,
        dates: Sequence[str] | Mapping[str, str | None] = (),
        validation: float = 0.2,
        test: float = 0.2,
        split_seed: int = 0,
        size: int | Sequence[int] | None = None,
        resize: Resize = "stretch",
        channels: int | None = None,
        frames: int | None = None,
        scaling: Scaling = "unit",
        unreadable: Policy = "refuse",
        memory_gb: float = 0.0,
        separator: str | None = None,
        decimal: str | None = None,
        encoding: str | None = None,
        fingerprint: str | None = None,
    ) -> None:
        given = {
            name: value
            for name, value in locals().items()
            if name not in ("self", "__class__", "seed")
        }
        super().__init__()
        parameters = {name: given.pop(name) for name in PARAMETERS}
        raise_faults(*parameter_faults(parameters))
        self.arguments = settled(given)
        self._about = PREPARATION.about(self.arguments)
        self.spec = self._about.spec
        self.batch_size = batch_size
        self._augmentation = Augmentation(flip=flip, crop=crop, cutout=cutout, mixup=mixup)

    @property
    def preprocessing(self) -> ImagePreprocessing:
        """What turns files into inputs, and outputs into answers."""
        return ImagePreprocessing.from_json(self._about.preprocessing)

    @property
    def meaning(self) -> Meaning:
        """What a model's outputs mean."""
        return meaning_of_target(self.preprocessing.target)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the data: the preprocessing, as plain JSON values."""
        return {STATE: dict(self._about.preprocessing)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Refuse a checkpoint of a model whose inputs were prepared in another way.

        Raises:
            ConfigurationError: They were.
        """
        check_state(state_dict, now=self._about.preprocessing, path=self.arguments.path)

    def prepare_data(self) -> None:
        """Leave the prepared images in this node's cache."""
        self._images()

    def train_dataloader(self) -> ImageLoader:
        """Return the training split, shuffled and varied."""
        return self._loader("train", batch_size=self.batch_size, augmentation=self._augmentation)

    def val_dataloader(self) -> ImageLoader:
        """Return the validation split."""
        return self._loader("validation")

    def test_dataloader(self) -> ImageLoader:
        """Return the test split."""
        return self._loader("test")

    def refit_dataloader(self) -> ImageLoader:
        """Return the training and the validation split together, shuffled and varied."""
        return self._loader(
            "train", "validation", batch_size=self.batch_size, augmentation=self._augmentation
        )

    def fold_dataloaders(
        self, *, number: int, of: int, seed: int
    ) -> tuple[ImageLoader, ImageLoader]:
        """Return loaders to train and to validate on in one of several folds; see `fold_rows`."""
        images = self._images()
        targets = torch.cat([images.targets[part] for part in ("train", "validation")])
        train, validation = fold_rows(
            targets,
            groups=images.groups,
            moments=images.moments,
            number=number,
            of=of,
            seed=seed,
        )
        return (
            self._loader(
                "train",
                "validation",
                chosen=train,
                batch_size=self.batch_size,
                augmentation=self._augmentation,
            ),
            self._loader("train", "validation", chosen=validation),
        )

    def _images(self) -> _Images:
        return _load(as_text(self.arguments))

    def _loader(
        self,
        *parts: str,
        chosen: Tensor | None = None,
        batch_size: int | None = None,
        augmentation: Augmentation | None = None,
    ) -> ImageLoader:
        """Return the images of some parts, or those that are chosen of them."""
        images = self._images()
        targets = torch.cat([images.targets[part] for part in parts])
        rows = torch.cat([images.rows[part] for part in parts])
        return ImageLoader(
            images.pixels,
            targets if chosen is None else targets[chosen],
            rows=rows if chosen is None else rows[chosen],
            scale=self.preprocessing.scale,
            batch_size=batch_size,
            augmentation=augmentation,
            is_streamed=images.is_streamed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Images:
    """Prepared images, which nobody changes."""

    pixels: Tensor
    rows: Mapping[str, Tensor]
    targets: Mapping[str, Tensor]
    is_streamed: bool
    """Whether the pixels lie in a file that takes more than its share of the memory."""
    groups: Tensor | None
    """Group of each example for training, and then of each for validation, if they have one."""
    moments: Tensor | None
    """When each of the same is, (N, 2), if they are in an order of time; see `forward_folds`."""


@lru_cache(maxsize=2)
def _load(arguments: str) -> _Images:
    """Return the images as tensors; a process that trains trial after trial reads them once."""
    settled_arguments = ImagesArguments.read(json.loads(arguments))
    arrays = PREPARATION.arrays(settled_arguments)
    stored = pixels(settled_arguments)
    tensor, is_streamed = as_tensor(stored), are_streamed({"pixels": stored})
    if is_streamed:
        read_by_page(tensor)
    parts = ("train", "validation", "test")
    return _Images(
        pixels=tensor,
        rows={part: as_tensor(arrays[f"{part}_rows"]) for part in parts},
        targets={part: as_tensor(arrays[f"{part}_targets"]) for part in parts},
        is_streamed=is_streamed,
        groups=of_both(arrays, "groups"),
        moments=of_both(arrays, "moments"),
    )
