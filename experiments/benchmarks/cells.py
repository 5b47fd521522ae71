"""Is the cell that a search found better than random cells of the same number of parameters?

    python -m raysearch run experiments/cells.yaml --run-dir runs/cells
    python experiments/benchmarks/cells.py runs/cells [--cells 30] [--epochs 27] [--processes 2]

Draws random cells, uniformly among those whose output is not cut off from their input, and trains
each with everything else as in the search's winner, number of parameters included: on training and
validation data together, with a seed of its own. The winner is trained as often, with the same
seeds. Both are tested once, on the test split, which the search has not seen, by the metric that
the search improved on validation data.

Prints one line of JSON for each pair, and one with the sign test: where the winner is no better
than the median of random cells, it wins at most half of the pairs that are not ties. `p` is the
probability of as many wins as there were, or more, by fair coins.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

import raysearch as rs
from raysearch.models.cnn.wiring import edge_key, live_edges
from raysearch.training.jobs import job_for
from raysearch.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """One network to be trained and tested."""

    run: str
    """The run directory of the search."""
    configuration: Mapping[str, Any]
    seed: int
    epochs: int


def main() -> None:
    """Train all pairs and test."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="run directory of a search")
    parser.add_argument("--cells", type=int, default=30, help="random cells")
    parser.add_argument("--epochs", type=int, help="those of the search if not given")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the random cells")
    arguments = parser.parse_args()
    experiment = rs.Search.resume(arguments.run).experiment
    winner = rs.Results.read(arguments.run).winner.configuration
    epochs = arguments.epochs or experiment.fidelity.epochs
    cells = random_cells(experiment.space, winner, n=arguments.cells, seed=arguments.seed)
    fits = [
        Fit(run=str(arguments.run), configuration=configuration, seed=1000 + pair, epochs=epochs)
        for pair, cell in enumerate(cells)
        for configuration in (winner, cell)
    ]
    pairs = []
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool:
        outcomes = pool.map(outcome, fits)
        for cell, ours, theirs in zip(cells, outcomes, outcomes, strict=False):
            pairs.append((ours, theirs))
            line = {"cell": shown(cell), "winner": ours, "random": theirs}
            print(json.dumps(line), flush=True)
    last = {"winner": shown(winner), "epochs": epochs}
    print(json.dumps({**last, **verdict(pairs, objective=experiment.objective)}), flush=True)


def random_cells(
    space: rs.Space, winner: Mapping[str, Any], *, n: int, seed: int
) -> list[dict[str, Any]]:
    """Return the winner's configuration with other, random cells, none of them cut off."""
    rng = np.random.default_rng(seed)
    found: list[dict[str, Any]] = []
    while len(found) < n:
        drawn = {key: value for key, value in space.sample(rng).items() if is_edge(key)}
        cell = {**winner, **drawn}
        if is_connected(drawn) and cell not in (dict(winner), *found):
            found.append(cell)
    return found


def is_edge(key: str) -> bool:
    """Return whether a parameter is the operation of an edge."""
    return key.startswith("edge_")


def is_connected(drawn: Mapping[str, Any]) -> bool:
    """Return whether some path leads through a cell."""
    nodes = [tuple(map(int, key.removeprefix("edge_").split("_"))) for key in drawn]
    edges = {(source, target): drawn[edge_key((source, target))] for source, target in nodes}
    return bool(live_edges(edges))


def shown(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a configuration that differs."""
    return {key: value for key, value in configuration.items() if is_edge(key)}


def outcome(fit: Fit) -> dict[str, Any]:
    """Train a network on training and validation data, and test it."""
    # here, so that `--help` need not wait for torch
    from raysearch.models.cnn.module import CNN
    from raysearch.models.shared.sizes import count_parameters
    from raysearch.training.evaluating import evaluate
    from raysearch.training.fit import refit

    experiment = rs.Search.resume(fit.run).experiment
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(id="0000", number=0, configuration=fit.configuration)
        job = job_for(experiment, trial, run_dir=Path(folder))
        job = replace(job, seed=fit.seed, max_epochs=fit.epochs)
        path = Path(folder) / "last.ckpt"
        refit(job, epochs=fit.epochs, path=path)
        values = evaluate(job, checkpoint=str(path), split="test")
        n_parameters = count_parameters(CNN.load_from_checkpoint(path))
    metric = experiment.objective.metric.replace("val/", "test/")
    return {
        "value": values[metric],
        "accuracy": values["test/accuracy"],
        "n_parameters": n_parameters,
    }


def worth(fit: Mapping[str, Any], *, sign: int) -> float:
    """Return a value of which more is better; one that is not finite is the worst."""
    return -math.inf if fit["value"] is None else sign * fit["value"]


def verdict(
    pairs: list[tuple[dict[str, Any], dict[str, Any]]], *, objective: rs.Objective
) -> dict[str, Any]:
    """Return medians, wins and the p-value of the one-sided sign test."""
    sign = 1 if objective.direction == "maximize" else -1
    worths = [[worth(fit, sign=sign) for fit in pair] for pair in pairs]
    gains = [ours - theirs for ours, theirs in worths]
    wins, losses = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    n = wins + losses
    p = sum(math.comb(n, k) for k in range(wins, n + 1)) / 2**n
    medians = {
        f"median {name}": {
            side: statistics.median(fit[name] for fit in fits if fit[name] is not None)
            for side, fits in zip(("winner", "random"), zip(*pairs, strict=True), strict=True)
        }
        for name in ("value", "accuracy", "n_parameters")
    }
    outcome = {"wins": wins, "losses": losses, "ties": len(pairs) - n, "p": p}
    return {"metric": objective.metric, **medians, **outcome, "is_better": p < 0.05}


if __name__ == "__main__":
    main()
