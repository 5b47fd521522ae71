"""What does a cell of operations compute?

See `wiring` for its nodes and edges. Operations keep the shape. Convolutions are activation -
convolution - normalisation; a separable one is a convolution of each channel on its own and then a
1x1 one across channels; a dilated one is the same with gaps of one value between those that its
kernel of 3 reads. Pools read 3 values along each axis. Operations that lie on no path from the
input to the output are not built, so that they count neither as parameters nor as time. Where there
is no such path, all that a cell gives is zeros: the network then learns the bias of its output and
no more, which is a legal, if poor, network, as it is in NAS-Bench-201.

Shapes:
    x: (B, C, ...) float32
    returns: (B, C, ...) float32
    B batch, C channels, then one axis of series, two of images, three of clips
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast

from torch import Tensor, nn

from raysearch.models.cnn.blocks import Change, Convolution
from raysearch.models.cnn.design import CNNDesign
from raysearch.models.cnn.wiring import edge_key, live_edges
from raysearch.models.shared.layers import activation, image_norm
from raysearch.models.shared.spatial import Kernel, convolution, same_size_pool

Operation = Callable[[int, CNNDesign], nn.Module]
"""(channels, design) -> module that keeps the shape."""


class Cell(nn.Module):
    """A directed graph of operations, from its first node to its last."""

    def __init__(self, channels: int, *, design: CNNDesign) -> None:
        super().__init__()
        live = live_edges(design.operations)
        self.operations = nn.ModuleDict(
            {edge_key(edge): OPERATIONS[name](channels, design) for edge, name in live.items()}
        )
        # node -> nodes that lead to it; each stands behind those that it needs
        self.sources: dict[int, list[int]] = {}
        for source, target in live:
            self.sources.setdefault(target, []).append(source)
        self.last = max(target for _, target in design.operations)

    def forward(self, x: Tensor) -> Tensor:
        """Return the last node's sum (B, C, ...), where `x` is the first one's."""
        nodes = {0: x}
        for target, sources in self.sources.items():
            terms = [
                cast(Tensor, self.operations[edge_key((source, target))](nodes[source]))
                for source in sources
            ]
            nodes[target] = sum(terms[1:], start=terms[0])
        return nodes[self.last] if self.last in nodes else x * 0.0


def preactivated(change: Change, *, design: CNNDesign, kernel_size: int) -> nn.Sequential:
    """Return activation - convolution - normalisation."""
    return nn.Sequential(
        activation(design.activation), Convolution(change, design=design, kernel_size=kernel_size)
    )


def _convolution(kernel_size: int) -> Operation:
    return lambda channels, design: preactivated(
        Change(channels, channels), design=design, kernel_size=kernel_size
    )


def _separable(kernel_size: int, *, dilation: int = 1) -> Operation:
    def operation(channels: int, design: CNNDesign) -> nn.Module:
        depthwise = convolution(
            channels,
            channels,
            Kernel(kernel_size, dilation=dilation),
            n_axes=design.n_axes,
            groups=channels,
            bias=False,
        )
        across = Convolution(Change(channels, channels), design=design, kernel_size=1)
        return nn.Sequential(activation(design.activation), depthwise, across)

    return operation


def _pool(name: str) -> Operation:
    return lambda channels, design: same_size_pool(name, n_axes=design.n_axes)


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "skip": lambda channels, design: nn.Identity(),
        "conv_1": _convolution(1),
        "conv_3": _convolution(3),
        "average_pool": _pool("average"),
        "max_pool": _pool("max"),
        "separable_3": _separable(3),
        "separable_5": _separable(5),
        "dilated_3": _separable(3, dilation=2),
    }
)
"""Name in a configuration -> operation; an edge with "none" has no module."""


def last_of(channels: int, *, design: CNNDesign) -> nn.Module:
    """Return what follows the last cell: normalisation - activation."""
    return nn.Sequential(
        image_norm(design.normalization, channels, n_axes=design.n_axes),
        activation(design.activation),
    )
