"""How does a convolutional network take over the weights of another one?

It computes the same as before where it is wider, where kernels, expansion or growth rate are
larger, where stages of residual blocks, of dense ones, of plain ones with ReLU, or of cells with a
chain of skips have more of them, where edges of cells are added that have weights, and, if pooling
and head agree, where there are more stages. With group normalisation, as far as the groups allow
it. Everything else keeps what fits; `growing_blocks` and `growing_cells` have the parts.

References:
    Chen, Goodfellow and Shlens, "Net2Net", ICLR 2016.
    Wei, Wang, Rui and Chen, "Network Morphism", ICML 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from torch import nn

from raysearch.models.cnn.blocks import Convolution
from raysearch.models.cnn.design import CNNDesign
from raysearch.models.cnn.growing_blocks import Blocks, block_in, channels_of
from raysearch.models.cnn.growing_cells import Cells
from raysearch.models.cnn.module import CNN
from raysearch.models.cnn.network import CNNNetwork
from raysearch.models.shared.arguments import select
from raysearch.models.shared.growing.spreads import Spread, anew, joined, kept
from raysearch.models.shared.growing.transfer import Transfer

_WITHOUT_WEIGHTS = ("activation", "normalization", "head_pooling")
"""Arguments that change what is computed, and no shape."""


def grow(old: CNN, new: CNN, transfer: Transfer) -> None:
    """Fill a convolutional network out of another one for the same data.

    Side effects:
        Changes the new one's weights and running statistics in place.
    """
    mine, theirs = _Side.of(new), _Side.of(old)
    for name in _WITHOUT_WEIGHTS:
        _compare(name, theirs, mine, transfer)
    if mine.design.stages > 1 and theirs.design.stages > 1:
        _compare("pooling", theirs, mine, transfer)
    _Growth(theirs, mine, transfer).fill()


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two networks."""

    network: CNNNetwork
    design: CNNDesign
    stages: list[list[nn.Module]]
    """What each stage is made of, without the pooling in front of it."""

    @classmethod
    def of(cls, module: CNN) -> _Side:
        network = module.network
        if not isinstance(network, CNNNetwork):
            raise TypeError(f"{type(network).__name__} is no network of cnn")
        stages = [
            [part for part in stage if any(True for _ in part.parameters())]
            for stage in cast("list[nn.Sequential]", network.stages)
        ]
        return cls(network, select(CNNDesign, module.hparams), stages)


def _compare(name: str, old: _Side, new: _Side, transfer: Transfer) -> None:
    before, after = getattr(old.design, name), getattr(new.design, name)
    if before != after:
        transfer.differs(f"{name} is {after} instead of {before}")


class _Growth:
    def __init__(self, old: _Side, new: _Side, transfer: Transfer) -> None:
        self._old, self._new, self._transfer = old, new, transfer
        self._blocks = Blocks(old.design, new.design, transfer)
        self._cells = Cells(self._blocks)
        self._is_alike = old.design.connections == new.design.connections or {
            old.design.connections, new.design.connections,
        } == {"plain", "residual"}  # fmt: skip

    def fill(self) -> None:
        """Fill all layers."""
        old, new, blocks = self._old, self._new, self._blocks
        _compare("connections", old, new, self._transfer)
        first, new_first = _convolution_in(old.network.stem), _convolution_in(new.network.stem)
        stream = blocks.widened(first, new_first)
        blocks.convolution(first, new_first, inputs=kept(old.design.input_shape[0]), outputs=stream)
        if not self._is_alike:
            return
        pairs = list(zip(old.stages, new.stages, strict=False))
        for stage, new_stage in pairs:
            stream = self._stage(stage, new_stage, stream)
        if len(new.stages) < len(old.stages):
            _compare("stages", old, new, self._transfer)
            return
        for number in range(len(old.stages), len(new.stages)):
            stream = self._added_stage(number, stream)
        if new.design.connections == "cell":
            norm, new_norm = old.network.last[0], new.network.last[0]  # type: ignore[index]
            self._transfer.norm(norm, new_norm, channels=stream)
        self._transfer.linear(
            old.network.output,
            new.network.output,
            inputs=stream,
            outputs=kept(old.design.n_outputs),
        )

    def _stage(self, old: list[nn.Module], new: list[nn.Module], stream: Spread) -> Spread:
        """Fill a stage that both have; return where what it gives is."""
        if self._new.design.connections in ("plain", "residual"):
            return self._chain(old, new, stream)
        old, new = list(old), list(new)
        n_between = (
            len(old) - self._old.design.blocks_per_stage,
            len(new) - self._new.design.blocks_per_stage,
        )
        between, new_between = (
            parts.pop(0) if n else None for parts, n in zip((old, new), n_between, strict=True)
        )
        stream = self._between(between, new_between, stream)
        if self._new.design.connections == "cell":
            return self._cells.chain(old, new, stream)
        return self._dense(old, new, stream)

    def _chain(self, old: list[nn.Module], new: list[nn.Module], stream: Spread) -> Spread:
        blocks = self._blocks
        outputs = blocks.spread(channels_of(old[0]), channels_of(new[0]))
        for block, new_block in zip(old, new, strict=False):
            blocks.block(block, new_block, inputs=stream, outputs=outputs)
            stream = outputs
        self._note_fewer(old, new)
        for added in new[len(old) :]:
            blocks.added(added, inputs=stream, outputs=outputs)
        return outputs

    def _dense(self, old: list[nn.Module], new: list[nn.Module], stream: Spread) -> Spread:
        blocks = self._blocks
        for part, new_part in zip(old, new, strict=False):
            block, new_block = block_in(part), block_in(new_part)
            outputs = blocks.spread(channels_of(block), channels_of(new_block))
            blocks.block(block, new_block, inputs=stream, outputs=outputs)
            stream = joined(stream, outputs)
        self._note_fewer(old, new)
        lost = sum(channels_of(block_in(part)) for part in old[len(new) :])
        more = [anew(channels_of(block_in(part))) for part in new[len(old) :]]
        stream = joined(stream, *more)
        return Spread(stream.origin, n_old=stream.n_old + lost)

    def _note_fewer(self, old: list[nn.Module], new: list[nn.Module]) -> None:
        if len(new) < len(old):
            _compare("blocks_per_stage", self._old, self._new, self._transfer)

    def _between(self, old: nn.Module | None, new: nn.Module | None, stream: Spread) -> Spread:
        """Fill the convolution that stands in front of dense blocks or cells, if there is one."""
        blocks = self._blocks
        if old is None and new is None:
            return stream
        if old is not None and new is not None:
            first, new_first = _convolution_in(old), _convolution_in(new)
            outputs = blocks.widened(first, new_first)
            blocks.convolution(first, new_first, inputs=stream, outputs=outputs)
            return outputs
        if new is not None:
            return self._carried(new, stream)
        self._transfer.differs("a convolution between stages is left out")
        n_old = stream.n_old if old is None else channels_of(_convolution_in(old))
        return blocks.spread(n_old, stream.n_new)

    def _carried(self, new: nn.Module, stream: Spread) -> Spread:
        """Let a convolution between stages, that is new, hand on what it is given."""
        convolution = _convolution_in(new)
        outputs = self._blocks.spread(stream.n_old, channels_of(convolution))
        self._blocks.hand_on(convolution, inputs=stream, outputs=outputs)
        is_after = self._new.design.connections == "dense"  # else the activation comes first
        if not is_after or self._new.design.activation != "relu":
            self._transfer.differs("a convolution between stages is added")
        return outputs

    def _added_stage(self, number: int, stream: Spread) -> Spread:
        """Let a stage that is new hand on what it is given, as far as pooling allows it."""
        new, design = list(self._new.stages[number]), self._new.design
        if not _pools_alike(design, number=number):
            _compare("stages", self._old, self._new, self._transfer)
        if design.connections in ("plain", "residual"):
            outputs = self._blocks.spread(stream.n_old, channels_of(new[0]))
            for block in new:
                self._blocks.added(block, inputs=stream, outputs=outputs)
                stream = outputs
            return outputs
        if len(new) > design.blocks_per_stage:
            stream = self._carried(new.pop(0), stream)
        if design.connections == "cell":
            return self._cells.chain([], new, stream)
        return joined(stream, *(anew(channels_of(block_in(part))) for part in new))


def _convolution_in(part: nn.Module) -> Convolution:
    """Return the only convolution of a stem, or of what stands between stages."""
    return next(module for module in part.modules() if isinstance(module, Convolution))


def _pools_alike(design: CNNDesign, *, number: int) -> bool:
    """Return whether the head gives the same with and without the pooling before a stage."""
    if design.pooling != design.head_pooling:
        return False
    if design.pooling == "max":
        return True
    sizes = design.input_shape[1:]
    for _ in range(number - 1):
        sizes = [-(-size // 2) for size in sizes]
    return all(size % 2 == 0 for size in sizes)
