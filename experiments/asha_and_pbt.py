"""Which finds the better small CNN on digits: ASHA with HyperOpt, or population-based training?

    python experiments/asha_and_pbt.py [--members 12] [--seed 0] [--storage runs] [--test]

Two searches of one space with the same budget of epochs, one after the other. ASHA tries many
configurations, suggested by HyperOpt, and stops most of them early; each keeps its
hyperparameters. PBT trains twelve members side by side; every three epochs the worst go on with
weights of the best, and with hyperparameters changed a little, so that what it finds is a schedule.
With fewer `--members` both have less to spend: 30 epochs for each member.

Prints a table: the best validation accuracy of each, after how many epochs it was there, what it
cost, and with what it was reached. With `--test` each winner is trained again on training and
validation data and tested once. Both run directories stay, for `results`, `report` and TensorBoard.
One seed says little: repeat with others before you believe a difference of a percent.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import raysearch as rs
from raysearch.trial import SearchStatus

SPACE = {
    "width": 8,
    "stages": 2,
    "optimizer": "adamw",
    "schedule": "constant",
    "learning_rate": rs.Float(1e-5, 1e-1, log=True, default=1e-3),
    "weight_decay": rs.Float(1e-4, 0.3, log=True),
    "dropout": rs.Float(0.0, 0.5),
    "data.batch_size": rs.Choice([32, 64, 128], ordered=True),
}

SEARCHES: dict[str, dict[str, Any]] = {
    "asha": {
        "searcher": "hyperopt",
        "scheduler": {"name": "asha", "min_epochs": 1, "reduction_factor": 3},
    },
    "pbt": {
        "searcher": "random",
        "scheduler": {"name": "pbt", "interval": 3},  # of all trials that the budget has
    },
}


def main() -> None:
    """Search in both ways and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=12, help="of the population")
    parser.add_argument("--max-epochs", type=int, default=30, help="of a trial")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--storage", type=Path, default=Path("runs"))
    parser.add_argument("--test", action="store_true")
    given = parser.parse_args()
    epochs = given.members * given.max_epochs
    budgets = {"asha": rs.Budget(epochs=epochs), "pbt": rs.Budget(trials=given.members)}
    lines, is_interrupted = [], False
    for name, how in SEARCHES.items():
        search = rs.Search(
            model="cnn",
            data="digits",
            space=SPACE,
            objective="val/accuracy",
            fidelity=rs.Fidelity(max_epochs=given.max_epochs),
            budget=budgets[name],
            seed=given.seed,
            name=f"asha-and-pbt-{name}",
            storage=given.storage,
            **how,
        )
        results = search.run()
        lines.append(row(name, results))
        if results.status is not SearchStatus.FINISHED:
            is_interrupted = results.status is SearchStatus.INTERRUPTED
            break
        if given.test and results.winner is not None:
            results.refit()
            tested = results.test().values or {}
            lines[-1] += f"  tested {tested.get('test/accuracy')}"
    print("\n".join(lines))
    if is_interrupted:
        sys.exit(130)  # as after any Ctrl-C


def row(name: str, results: rs.Results) -> str:
    """Return what a search came to, in one line."""
    winner, state = results.winner, results.state
    if winner is None:
        return f"{name:5s} no trial reached a finite value"
    best = winner.best(results.objective)
    value, epoch = winner.value(results.objective), best.epoch if best else 0
    rate = winner.best_configuration(results.objective)["learning_rate"]
    return (
        f"{name:5s} {value:.4f}  trial {winner.id}, epoch {epoch}; {len(state.trials)} trials, "
        f"{state.epochs} epochs, {state.seconds:.0f} s; last learning rate {rate:.2g}; "
        f"{results.run_dir.path}"
    )


if __name__ == "__main__":
    main()
