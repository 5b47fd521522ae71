"""How does a cell take over the weights of another one, or hand on its input?

A node is a sum, so an edge that is added to a node that was there is silent at first, which its
weights must allow: pools and skips have none. Edges to nodes that led nowhere before are as they
come, since what leads on from there is silent. A cell that is added hands on its input along a
chain of skips, if it has one, into whose nodes everything else is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from torch import nn

from raysearch.models.cnn.blocks import Convolution
from raysearch.models.cnn.cells import Cell
from raysearch.models.cnn.growing_blocks import Blocks, layer_of
from raysearch.models.cnn.wiring import edge_key, live_edges
from raysearch.models.shared.growing.identities import silence
from raysearch.models.shared.growing.spreads import Spread

_LARGER: Mapping[str, str] = {"conv_1": "conv_3", "separable_3": "separable_5"}
"""Operation -> the same with a larger kernel."""

_SKIP = "skip"


class Cells:
    """Fills cells of one network out of those of another one.

    Args:
        blocks: Fills convolutions.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._blocks, self._transfer = blocks, blocks.transfer
        self._operations = blocks.new.operations
        self._old = live_edges(blocks.old.operations)
        self._live = live_edges(self._operations)
        self._last = max(target for _, target in self._operations)

    def chain(self, old: list[nn.Module], new: list[nn.Module], channels: Spread) -> Spread:
        """Fill the cells of a stage, all of which have these channels; return the same."""
        for cell, new_cell in zip(old, new, strict=False):
            self._cell(cell, new_cell, channels)
        n_old, n_new = len(old), len(new)
        if n_new < n_old:
            self._transfer.differs(f"blocks_per_stage is {n_new} instead of {n_old}")
        for added in new[n_old:]:
            self._added(added)
        return channels

    def _cell(self, old: nn.Module, new: nn.Module, channels: Spread) -> None:
        mine, theirs = _operations_of(new), _operations_of(old)
        if self._blocks.old.cell_space != self._blocks.new.cell_space:
            names = self._blocks.new.cell_space, self._blocks.old.cell_space
            self._transfer.differs(f"cell_space is {names[0]} instead of {names[1]}")
        known = {target for _, target in self._old} | {self._last}
        for edge, operation in self._live.items():
            key, before = edge_key(edge), self._old.get(edge)
            if before == operation or (before is not None and _LARGER.get(before) == operation):
                self._operation(theirs[key], mine[key], channels)
            elif edge[1] in known:
                self._silenced(mine[key], what=f"{key} is {operation}")
                if before is not None:
                    self._transfer.differs(f"{key} is {operation} instead of {before}")
        for edge, before in self._old.items():
            if edge not in self._live:
                self._transfer.differs(f"{edge_key(edge)} leads nowhere instead of being {before}")

    def _operation(self, old: nn.Module, new: nn.Module, channels: Spread) -> None:
        """Fill the operation of an edge: depthwise convolutions, and ones over all channels."""
        parts, new_parts = _layers(old), _layers(new)
        for part, new_part in zip(parts, new_parts, strict=True):
            if isinstance(part, Convolution) and isinstance(new_part, Convolution):
                self._blocks.convolution(part, new_part, inputs=channels, outputs=channels)
            else:
                self._transfer.depthwise(
                    part,  # type: ignore[arg-type]  # what is no Convolution is a bare one
                    new_part,  # type: ignore[arg-type]
                    channels=channels,
                )

    def _silenced(self, operation: nn.Module, *, what: str) -> None:
        convolutions = [part for part in _layers(operation) if isinstance(part, Convolution)]
        if not convolutions:
            self._transfer.differs(f"{what}, which cannot be silent at first")
            return
        silence(layer_of(convolutions[-1]), convolutions[-1][1])

    def _added(self, cell: nn.Module) -> None:
        path = self._skips()
        if path is None:
            self._transfer.differs("a cell is added, and has no chain of skips")
            return
        operations = _operations_of(cell)
        for edge in self._live:
            if edge[1] in path and edge not in set(pairwise(path)):
                self._silenced(operations[edge_key(edge)], what=f"{edge_key(edge)} is added")

    def _skips(self) -> tuple[int, ...] | None:
        """Return nodes along a chain of skips from the input to the output, or None."""
        paths: list[tuple[int, ...]] = [(0,)]
        found: list[tuple[int, ...]] = []
        while paths:
            path = paths.pop()
            if path[-1] == self._last:
                found.append(path)
            steps = [edge for edge in self._live if edge[0] == path[-1]]
            paths += [(*path, target) for source, target in steps if self._skips_at(source, target)]
        # where all else can be silent, if there is such a path
        return min(found, key=self._n_loud, default=None)

    def _skips_at(self, source: int, target: int) -> bool:
        return self._live[source, target] == _SKIP

    def _n_loud(self, path: tuple[int, ...]) -> int:
        """Return how many other operations lead into a path and have no weights."""
        on_it = set(pairwise(path))
        return sum(
            edge[1] in path and edge not in on_it and not _has_weights(operation)
            for edge, operation in self._live.items()
        )


def _has_weights(operation: str) -> bool:
    return operation != _SKIP and not operation.endswith("pool")


def _operations_of(cell: nn.Module) -> nn.ModuleDict:
    if not isinstance(cell, Cell):
        raise TypeError(f"{type(cell).__name__} is no cell")
    return cell.operations


def _layers(operation: nn.Module) -> list[nn.Module]:
    """Return the parts of an operation that have weights."""
    if not isinstance(operation, nn.Sequential):
        return []
    return [part for part in operation if any(True for _ in part.parameters())]
