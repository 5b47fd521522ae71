"""Which channels of a new layer hold what which channels of an old one held?

A wider layer holds some old channels several times: whatever comes channel by channel (activation,
batch normalisation, pooling) keeps the copies equal, and the layer that reads them splits its
weights among them, so that it reads the same sum (Net2WiderNet). A channel of which nothing is
known is new, and read with zeros.

Copies are drawn from torch's default generator, as initial weights are.

Shapes:
    origin: (N,) int64
    N channels of the new layer, M of the old one, R rows (outputs) of the layer that reads them
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

NEW = -1
"""In place of an old channel: what a new one holds that is a copy of none."""

UNEVEN = 0.5
"""A weight that is split goes to each copy with a share that varies by this much: equal shares
would leave copies equal for ever, since they would learn the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Where old channels are among new ones.

    Example:
        >>> spread = Spread(torch.tensor([0, 1, 0, NEW]), n_old=2)
        >>> spread.n_new, spread.copies.tolist(), spread.is_whole
        (4, [2, 1], True)
    """

    origin: Tensor
    """The old channel that each new one holds, or `NEW`."""
    n_old: int
    """Old channels that there were."""

    @property
    def n_new(self) -> int:
        """New channels that there are."""
        return len(self.origin)

    @property
    def is_old(self) -> Tensor:
        """Which new channels hold an old one: (N,) bool."""
        return self.origin >= 0

    @property
    def copies(self) -> Tensor:
        """How often each old channel is there: (M,) int64."""
        return torch.bincount(self.origin[self.is_old], minlength=self.n_old)

    @property
    def is_whole(self) -> bool:
        """Whether every old channel is there."""
        return bool((self.copies > 0).all())

    def is_like(self, other: Spread) -> bool:
        """Return whether the same channels are at the same places in another one."""
        return self.n_old == other.n_old and torch.equal(self.origin, other.origin)

    def counts(self) -> Tensor:
        """Return how many copies there are of what each new channel holds: (N,), 1 for new ones."""
        there = self.copies.clamp(min=1)[self.origin.clamp(min=0)] if self.n_old else None
        ones = torch.ones_like(self.origin)
        return ones if there is None else torch.where(self.is_old, there, ones)

    def shares(self, n_rows: int) -> Tensor:
        """Return with which share each row reads each channel: (R, N).

        In every row those of all copies of one channel sum to 1; a single copy has 1.
        """
        drawn = 1 + UNEVEN * (2 * torch.rand(n_rows, self.n_new) - 1)
        where = self.origin.clamp(min=0).expand(n_rows, -1)
        held = torch.where(self.is_old, drawn, torch.zeros_like(drawn))
        sums = torch.zeros(n_rows, max(1, self.n_old)).scatter_add_(1, where, held)
        return torch.where(self.is_old, drawn / sums.gather(1, where).clamp(min=1e-12), 1.0)


def kept(n: int) -> Spread:
    """Return the spread of channels that stay what they are."""
    return Spread(torch.arange(n), n_old=n)


def anew(n: int) -> Spread:
    """Return the spread of channels that are all new, of no old ones."""
    return Spread(torch.full((n,), NEW), n_old=0)


def joined(*parts: Spread) -> Spread:
    """Return the spread of channels that are put one behind the other, old ones and new ones.

    Example:
        >>> joined(kept(2), anew(1), kept(1)).origin.tolist()
        [0, 1, -1, 2]
    """
    origins, before = [], 0
    for part in parts:
        origins.append(torch.where(part.is_old, part.origin + before, part.origin))
        before += part.n_old
    return Spread(torch.cat(origins), n_old=before)


def part_of(spread: Spread, *, first: int, n_old: int) -> Spread:
    """Return the same channels as a part of more old ones, which begin at `first` among them.

    Example:
        >>> part_of(kept(2), first=3, n_old=8).origin.tolist()
        [3, 4]
    """
    return Spread(torch.where(spread.is_old, spread.origin + first, NEW), n_old=n_old)


def widened(n_old: int, n_new: int, *, is_even: bool = False) -> Spread:
    """Return a spread over more channels, or over fewer, of which the first ones are kept.

    Args:
        n_old: Channels that there were, at least 1.
        n_new: Channels that there are, at least 1.
        is_even: Whether all channels are to have equally many copies, where that is possible, as a
            normalisation over all of them wants it.
    """
    if n_new <= n_old:
        return Spread(torch.arange(n_new), n_old=n_old)
    if is_even and n_new % n_old == 0:
        return Spread(torch.arange(n_old).repeat(n_new // n_old), n_old=n_old)
    draws = [torch.arange(n_old)]
    while sum(map(len, draws)) < n_new:
        draws.append(torch.randperm(n_old))
    return Spread(torch.cat(draws)[:n_new], n_old=n_old)


def widened_in_groups(n_old: int, n_new: int, *, old_groups: int, new_groups: int) -> Spread:
    """Return such a spread where each new group holds one old group, all channels equally often.

    Then a normalisation over groups gives what it gave. Where sizes do not allow it, it is
    `widened`.

    Example:
        >>> widened_in_groups(2, 4, old_groups=2, new_groups=2).origin.tolist()
        [0, 0, 1, 1]
    """
    old_size, new_size = n_old // old_groups, n_new // new_groups
    if n_new <= n_old or new_size % old_size or new_groups < old_groups:
        return widened(n_old, n_new)
    rows = [
        (torch.arange(old_size) + old_size * (group % old_groups)).repeat(new_size // old_size)
        for group in range(new_groups)
    ]
    return Spread(torch.cat(rows), n_old=n_old)


def keeps_groups(spread: Spread, *, old_groups: int, new_groups: int) -> bool:
    """Return whether each new group holds one whole old group, all of its channels equally often.

    Example:
        >>> keeps_groups(kept(4), old_groups=2, new_groups=2)
        True
        >>> keeps_groups(widened(4, 6), old_groups=1, new_groups=1)
        False
    """
    if math.gcd(spread.n_new, new_groups) != new_groups or not bool(spread.is_old.all()):
        return False
    size = spread.n_old // old_groups
    for group in spread.origin.view(new_groups, -1):
        counts = torch.bincount(group, minlength=spread.n_old).view(old_groups, size)
        held = counts[counts.sum(1) > 0]
        if len(held) != 1 or not bool((held == held[0, 0]).all()):
            return False
    return True
