"""How does a layer take what another one has learnt, and where does each of its weights come from?

A `Transfer` fills the layers of a new network out of those of an old one, as a family's `grow`
hands them to it, and notes for each tensor where its entries come from, so that the optimiser's
moments can follow (see `raysearch.training.moments`), and what is not as it was.

Shapes:
    weight: (O, I, ...) of linear layers and convolutions, (C,) of normalisations
    O outputs, I inputs, then the axes of a kernel
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from raysearch.models.shared.growing.spreads import Spread, keeps_groups

Linear = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d
_BATCH = nn.modules.batchnorm._NormBase


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where the entries of a tensor come from."""

    name: str
    """Of the old tensor."""
    index: tuple[Tensor, ...]
    """For each axis the old place of each new one, or `NEW`."""
    copies: Tensor
    """Along the first axis: how many copies there are of what it makes, each of which has this
    share of the gradient; (O,)."""

    def of(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return old values at their new places, and at which places there are any."""
        return gathered(values, self.index)


def gathered(values: Tensor, index: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the values at `index` along each axis, and a mask of where there are any.

    Example:
        >>> values, there = gathered(torch.tensor([5.0, 6.0]), [torch.tensor([1, -1, 0])])
        >>> values[there].tolist(), there.tolist()
        ([6.0, 5.0], [True, False, True])
    """
    there = torch.ones((), dtype=torch.bool)
    for axis, places in enumerate(index):
        values = values.index_select(axis, places.clamp(min=0))
        along = [1] * len(index)
        along[axis] = -1
        there = there & (places >= 0).view(along)
    return values, there.expand(values.shape)


class Transfer:
    """Fills a new network out of an old one.

    Args:
        old: The network that was trained.
        new: The network to fill, with the weights that its constructor gave it.
    """

    def __init__(self, old: nn.Module, new: nn.Module) -> None:
        self.sources: dict[str, Source] = {}
        """New tensors that have entries of old ones, by name."""
        self.overlapped: dict[str, None] = {}
        """Layers of the new network that have a part of the old one's."""
        self.preserved: dict[str, None] = {}
        """Layers that have all of it."""
        self._differs: dict[str, None] = {}
        self._old_names = {module: name for name, module in old.named_modules()}
        self._new_names = {module: name for name, module in new.named_modules()}

    @property
    def changes(self) -> tuple[str, ...]:
        """Why the new network does not compute what the old one did, in evaluation; if so."""
        return tuple(self._differs)

    def differs(self, what: str) -> None:
        """Note why the new network does not compute what the old one did."""
        self._differs[what] = None

    def linear(self, old: Linear, new: Linear, *, inputs: Spread, outputs: Spread) -> None:
        """Fill a linear layer or a convolution over all channels.

        Weights of an input that has copies are split among these. New inputs have no weight for old
        outputs; new outputs keep the weights that they have. The kernel stands in the middle of a
        larger one, and of a smaller one the middle is taken.
        """
        index = [outputs.origin, inputs.origin, *_centred(old, new)]
        shares = inputs.shares(outputs.n_new)
        self._fill(old, new, "weight", index, shares=shares)
        if old.bias is not None and new.bias is not None:
            self._fill(old, new, "bias", [outputs.origin])
        self._note(new, is_whole=inputs.is_whole and outputs.is_whole and _holds(old, new))
        self._check_read(inputs)
        self._check_kernel(old, new)

    def depthwise(self, old: Linear, new: Linear, *, channels: Spread) -> None:
        """Fill a convolution of each channel on its own."""
        one = torch.zeros(1, dtype=torch.int64)
        self._fill(old, new, "weight", [channels.origin, one, *_centred(old, new)])
        if old.bias is not None and new.bias is not None:
            self._fill(old, new, "bias", [channels.origin])
        self._note(new, is_whole=channels.is_whole and _holds(old, new))
        self._check_kernel(old, new)

    def embedding(self, old: nn.Embedding, new: nn.Embedding, *, columns: Spread) -> None:
        """Fill a table of vectors, one for each category."""
        rows = torch.arange(old.num_embeddings)
        self._fill(old, new, "weight", [rows, columns.origin])
        self._note(new, is_whole=columns.is_whole)

    def norm(self, old: nn.Module, new: nn.Module, *, channels: Spread) -> None:
        """Fill a normalisation; does nothing where one of the two is none.

        A normalisation over several channels computes something else unless each of its groups
        holds an old one evenly.
        """
        names = [name for name in _NORM if _tensor(old, name) is not None]
        names = [name for name in names if _tensor(new, name) is not None]
        for name in names:
            self._fill(old, new, name, [channels.origin], keeps_new=True)
        if not names:
            return
        if isinstance(old, _BATCH) and isinstance(new, _BATCH):
            new.num_batches_tracked = (
                None if old.num_batches_tracked is None else old.num_batches_tracked.clone()
            )
        self._note(new, is_whole=channels.is_whole)
        groups = _n_groups(old), _n_groups(new)
        if 0 in groups or keeps_groups(channels, old_groups=groups[0], new_groups=groups[1]):
            return
        self.differs(
            f"a normalisation is over {channels.n_new} channels instead of {channels.n_old}"
        )

    def _fill(
        self,
        old: nn.Module,
        new: nn.Module,
        name: str,
        index: Sequence[Tensor],
        *,
        shares: Tensor | None = None,
        keeps_new: bool = False,
    ) -> None:
        """Put old entries into a tensor of a layer.

        Args:
            old: The old layer.
            new: The new layer.
            name: Of the tensor, in both.
            index: As in `Source`.
            shares: Factors (O, I) of what is taken.
            keeps_new: Whether entries without origin stay as they are; else they do only where the
                whole output is new, and are zero in the others.
        """
        mine, theirs = _tensor(new, name), _tensor(old, name)
        if mine is None or theirs is None:
            raise RuntimeError(f"{self._new_names[new]} has no {name} in both networks")
        with torch.no_grad():
            values, there = gathered(theirs.detach().to(mine.device), index)
            if shares is not None:
                values = values * shares.to(values).view(*shares.shape, *[1] * (values.ndim - 2))
            is_new_row = (index[0] < 0).view(-1, *[1] * (values.ndim - 1))
            rest = torch.where(is_new_row, mine, 0 * mine) if not keeps_new else mine
            mine.copy_(torch.where(there, values, rest))
        places = Spread(index[0], n_old=len(theirs))
        self.sources[f"{self._new_names[new]}.{name}"] = Source(
            f"{self._old_names[old]}.{name}", tuple(index), places.counts()
        )

    def _note(self, new: nn.Module, *, is_whole: bool) -> None:
        (self.preserved if is_whole else self.overlapped)[self._new_names[new]] = None

    def _check_read(self, inputs: Spread) -> None:
        if not inputs.is_whole:
            kept = int((inputs.copies > 0).sum())
            self.differs(f"{kept} of {inputs.n_old} channels are left")

    def _check_kernel(self, old: Linear, new: Linear) -> None:
        if not _holds(old, new):
            before, after = old.weight.shape[-1], new.weight.shape[-1]
            self.differs(f"a kernel has size {after} instead of {before}")


_NORM = ("weight", "bias", "running_mean", "running_var")
"""Tensors of a normalisation that have an entry for each channel."""


def _tensor(module: nn.Module, name: str) -> Tensor | None:
    found = getattr(module, name, None)
    return found if isinstance(found, Tensor) else None


def _n_groups(norm: nn.Module) -> int:
    """Return over how many groups of channels statistics are taken; 0 for none, or single ones."""
    if isinstance(norm, nn.GroupNorm):
        return norm.num_groups
    return 1 if isinstance(norm, nn.LayerNorm) else 0


def _centred(old: Linear, new: Linear) -> list[Tensor]:
    """Return for each axis of a kernel the old place of each new one, middle on middle."""
    index = []
    for before, after in zip(old.weight.shape[2:], new.weight.shape[2:], strict=True):
        places = torch.arange(after) - (after - before) // 2
        index.append(torch.where((places >= 0) & (places < before), places, -1))
    return index


def _holds(old: Linear, new: Linear) -> bool:
    """Return whether the new kernel has room for the old one."""
    sizes = zip(old.weight.shape[2:], new.weight.shape[2:], strict=True)
    return all(after >= before for before, after in sizes)
