"""Which operations and edges can a cell have, and which of them does it compute?

Torch-free. A cell is a directed graph of operations. Its nodes are numbered from 0, which is its
input; the last one is its output. From each node an edge leads to every later one, and each edge
has an operation. A node is the sum of what its incoming edges give.

References:
    Dong and Yang, "NAS-Bench-201", ICLR 2020 (the four nodes and five operations).
    Liu, Simonyan and Yang, "DARTS", ICLR 2019 (separable and dilated operations).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Edge = tuple[int, int]
"""The nodes from which and to which it leads, such as (0, 1)."""

NONE = "none"
"""The operation that cuts an edge."""

NAS_BENCH_201 = (NONE, "skip", "conv_1", "conv_3", "average_pool")
"""The five operations of the benchmark; numbers are sizes of kernels."""

OPERATIONS = (*NAS_BENCH_201, "max_pool", "separable_3", "separable_5", "dilated_3")
"""All operations."""

CELL_SPACES: Mapping[str, int] = MappingProxyType({"nas_bench_201": 4, "large": 5})
"""Name in a configuration -> nodes of a cell."""

DEFAULTS: Mapping[Edge, str] = MappingProxyType(
    {
        (0, 1): "conv_3",
        (0, 2): "skip",
        (1, 2): "conv_3",
        (0, 3): "skip",
        (1, 3): NONE,
        (2, 3): "conv_3",
        (0, 4): "skip",
        (1, 4): NONE,
        (2, 4): NONE,
        (3, 4): "conv_3",
    }
)
"""Edge -> operation where none is chosen: a chain of convolutions with shortcuts from the input. In
the order of their targets, so that all edges of the smaller cells come first."""


def edges(n_nodes: int) -> tuple[Edge, ...]:
    """Return the edges between so many nodes, in the order of their targets.

    Example:
        >>> edges(3)
        ((0, 1), (0, 2), (1, 2))
    """
    return tuple(edge for edge in DEFAULTS if edge[1] < n_nodes)


def edge_key(edge: Edge) -> str:
    """Return the name of the parameter that holds an edge's operation.

    Example:
        >>> edge_key((0, 1))
        'edge_0_1'
    """
    source, target = edge
    return f"edge_{source}_{target}"


def live_edges(operations: Mapping[Edge, str]) -> dict[Edge, str]:
    """Return the operations that lie on a path from the input to the output; the others do nothing.

    Args:
        operations: Edge -> operation, of all edges of a cell.

    Returns:
        In the order of `edges`. Nothing if the output is cut off: every path has a `none`.

    Example:
        >>> live_edges({(0, 1): "conv_3", (0, 2): "skip", (1, 2): "none"})
        {(0, 2): 'skip'}
    """
    there = {edge: name for edge, name in operations.items() if name != NONE}
    reached, needed = {0}, {max(target for _, target in operations)}
    for source, target in sorted(there, key=lambda edge: edge[1]):
        reached |= {target} if source in reached else set()
    for source, target in sorted(there, reverse=True):
        needed |= {source} if target in needed else set()
    return {
        (source, target): name
        for (source, target), name in there.items()
        if source in reached and target in needed
    }
