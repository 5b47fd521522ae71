"""How much faster are trees evaluated level by level than node by node?

    python experiments/benchmarks/tree_levels.py [--batch-size 128] [--width 64] [--repeats 5]

Takes batches of ListOps expressions, for each cell and composition of the family `tree`, and times
the network and the reference of its parity test, tests/tree_reference.py, in turn on one thread:
the outputs alone, and with the gradients. Prints a line of JSON for each: nodes and levels of the
batch, the median milliseconds of both, and the ratio.
"""

from __future__ import annotations

import argparse
import itertools
import json
import runpy
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

REFERENCE = Path(__file__).resolve().parents[2] / "tests" / "tree_reference.py"
CELLS, COMPOSITIONS = ("gated", "gru", "lstm", "recursive"), ("child_sum", "n_ary", "fold")


def main() -> None:
    """Time every cell with every composition."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=128, help="trees in a batch")
    parser.add_argument("--width", type=int, default=64, help="size of a node's state")
    parser.add_argument("--repeats", type=int, default=5, help="timed calls of each side")
    given = parser.parse_args()
    for cell, composition in itertools.product(CELLS, COMPOSITIONS):
        design = {"cell": cell, "composition": composition, "width": given.width}
        for figures in compared(design, batch_size=given.batch_size, repeats=given.repeats):
            print(json.dumps(figures), flush=True)


def compared(
    design: dict[str, str | int], *, batch_size: int, repeats: int
) -> Iterator[dict[str, str | float]]:
    """Yield what both sides take, without gradients and with them."""
    import torch

    from raysearch.data.listops.module import Data
    from raysearch.models.tree.levels import depths, forest_of
    from raysearch.models.tree.module import Tree
    from raysearch.models.tree.space import data_arguments

    torch.set_num_threads(1)
    node_by_node = runpy.run_path(str(REFERENCE))["outputs"]
    data = Data(batch_size=batch_size, n_examples=20 * batch_size)
    torch.manual_seed(0)
    x, lengths, _ = next(iter(data.train_dataloader()))
    levels = int(depths(forest_of(x[:, 1], lengths).parents).max()) + 1
    network = Tree(**data_arguments(data.spec), **design, dropout=0.0).network
    sides = [partial(network, x, lengths), partial(node_by_node, network, x, lengths)]
    for step in (outputs, gradients):
        spans = timed([partial(step, side) for side in sides], repeats=repeats)
        yield {
            **design,
            "gradients": step is gradients,
            "nodes": int(lengths.sum()),
            "levels": levels,
            "by_level_ms": round(1000 * spans[0], 2),
            "by_node_ms": round(1000 * spans[1], 1),
            "ratio": round(spans[1] / spans[0], 1),
        }


def outputs(side: Callable[[], Tensor]) -> None:
    """Compute the outputs alone."""
    import torch

    with torch.no_grad():
        side()


def gradients(side: Callable[[], Tensor]) -> None:
    """Compute the outputs and the gradients of all weights."""
    side().square().mean().backward()


def timed(sides: list[Callable[[], None]], *, repeats: int) -> list[float]:
    """Return the median seconds of each side, which take turns, after an untimed call."""
    spans: list[list[float]] = [[] for _ in sides]
    for repeat in range(repeats + 1):
        for side, seconds in zip(sides, spans, strict=True):
            begun_s = time.perf_counter()
            side()
            if repeat:
                seconds.append(time.perf_counter() - begun_s)
    return [statistics.median(seconds) for seconds in spans]


if __name__ == "__main__":
    main()
