"""Was every mutation of a population-based search really in use, bit by bit?

    python -m raysearch run experiments/pbt.yaml --run-dir runs/pbt
    python experiments/benchmarks/applied.py runs/pbt

Reads a run's journal alone. A mutation is one parameter that a member changed as it took over the
weights of another one. Of each, what was asked for is compared with what was read back from the
live objects (optimiser, layers, loss, batches) in every epoch that was trained with it; floats are
equal if all their bits are. All other parameters that can change while a trial trains are compared
as well, in every epoch of every trial.

Prints a JSON line for each mutation that was not in use in all its epochs, and one with the counts.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raysearch.engine import fold
from raysearch.experiment import Experiment, load
from raysearch.run_dir import RunDir
from raysearch.training.reading_back import requested_as
from raysearch.trial import Configuration, Measurement, Trial


def bits(value: object) -> object:
    """Return what two values share if, and only if, they are the same, types included.

    Example:
        >>> bits(0.1) == bits(0.1), bits(0.3) == bits(0.1 + 0.2), bits(1) == bits(1.0)
        (True, False, False)
    """
    return (type(value), struct.pack("<d", value) if isinstance(value, float) else value)


def wrong(asked: dict[str, Any], measurement: Measurement) -> dict[str, list[Any]]:
    """Return what was not in use as it was asked for: parameter -> both values."""
    wanted = requested_as(asked)
    names = dict(zip(wanted, asked, strict=True))
    return {
        names[name]: [value, measurement.applied.get(name)]
        for name, value in wanted.items()
        if name not in measurement.applied or bits(measurement.applied[name]) != bits(value)
    }


def mutations(trial: Trial) -> Iterator[tuple[str, list[Measurement]]]:
    """Yield each parameter that a trial changed, with the epochs that it trained with that."""
    ends = [*(taken.epoch for taken in trial.takeovers), trial.epochs][1:]
    for taken, end in zip(trial.takeovers, ends, strict=True):
        trained = [m for m in trial.measurements if taken.epoch < m.epoch <= end]
        for key, (_, after) in taken.changes.items():
            if after is not None:
                yield key, trained


def argument_of(key: str, configuration: Configuration) -> str:
    """Return the argument that a parameter is; with several families, keys begin with theirs."""
    return key.removeprefix(f"{configuration.get('model')}.")


def asked_of(trial: Trial, measurement: Measurement, experiment: Experiment) -> dict[str, Any]:
    """Return the arguments that can change while a trial trains, as they were asked for."""
    configuration = trial.configuration_at(measurement.epoch)
    arguments = set(experiment.mutable_arguments(configuration))
    values = {argument_of(key, configuration): value for key, value in configuration.items()}
    return {name: value for name, value in values.items() if name in arguments}


def main() -> int:
    """Compare, print, and return 1 if anything was not in use."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    given = parser.parse_args()
    state = fold(RunDir(given.run).events())
    experiment = load(given.run / "experiment.yaml")
    n: Counter[str] = Counter()
    by_parameter: Counter[str] = Counter()
    for trial in state.trials.values():
        asked = {m.epoch: asked_of(trial, m, experiment) for m in trial.measurements}
        faults = {m.epoch: wrong(asked[m.epoch], m) for m in trial.measurements}
        n["values"] += sum(map(len, asked.values()))
        n["values_applied"] += sum(map(len, asked.values())) - sum(map(len, faults.values()))
        for key, trained in mutations(trial):
            name = argument_of(key, trial.configuration)
            bad = {m.epoch: faults[m.epoch][name] for m in trained if name in faults[m.epoch]}
            is_known = all(name in asked[m.epoch] for m in trained)
            n["mutations"] += 1
            n["mutations_trained"] += bool(trained)
            n["mutations_applied"] += bool(trained) and is_known and not bad
            by_parameter[key] += 1
            if bad:
                print(json.dumps({"trial": trial.id, "parameter": key, "epochs": bad}), flush=True)
    n_trained = n["mutations_trained"]
    line = {
        "run": given.run.name,
        "trials": len(state.trials),
        "epochs": state.epochs,
        "takeovers": sum(len(trial.takeovers) for trial in state.trials.values()),
        **n,
        "share": n["mutations_applied"] / n_trained if n_trained else None,
        "by_parameter": dict(by_parameter),
    }
    print(json.dumps(line), flush=True)
    return int(n["mutations_applied"] < n_trained or n["values_applied"] < n["values"])


if __name__ == "__main__":
    sys.exit(main())
