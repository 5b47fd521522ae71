"""What does a journal tell of the time of trials?"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from speed.plan import rounded


@dataclass(slots=True)
class Trained:
    """One trial that was trained in one attempt."""

    worker: str
    started_at: float
    measured: list[ev.Measured] = field(default_factory=list)
    ended_at: float = 0.0
    n_checkpoints: int = 0

    @property
    def epochs_s(self) -> list[float]:
        """Training seconds of each epoch but the first, which has the building in it."""
        return [after.seconds - before.seconds for before, after in pairwise(self.measured)]

    @property
    def rounds_s(self) -> list[float]:
        """Seconds between two epochs in which the driver was waited for."""
        walls = [after.at - before.at for before, after in pairwise(self.measured)]
        return [wall - epoch for wall, epoch in zip(walls, self.epochs_s, strict=True)]

    @property
    def overhead_s(self) -> float:
        """Seconds of the trial beside its epochs."""
        epochs_s = statistics.median(self.epochs_s) * len(self.measured)
        return self.ended_at - self.started_at - epochs_s


def trials_of(run_dir: Path) -> list[Trained]:
    """Return the trials of a finished search, in the order in which they were started."""
    found: dict[str, Trained] = {}
    for event in RunDir(run_dir).events():
        match event:
            case ev.AttemptStarted():
                found[event.trial] = Trained(worker=event.worker, started_at=event.at)
            case ev.Measured():
                found[event.trial].measured.append(event)
            case ev.CheckpointWritten():
                found[event.trial].n_checkpoints += 1
            case ev.TrialEnded():
                found[event.trial].ended_at = event.at
    return list(found.values())


def figures(trials: Sequence[Trained]) -> dict[str, float]:
    """Return what trials cost; each worker's first one, which has the imports, stands apart."""
    workers = by_worker(trials)
    later = [trial for mine in workers.values() for trial in mine[1:]]
    turns = [b.started_at - a.ended_at for mine in workers.values() for a, b in pairwise(mine)]
    spans = {
        "epoch": [s for trial in trials for s in trial.epochs_s],
        "between epochs": [s for trial in trials for s in trial.rounds_s],
        "of a trial, beside its epochs": [trial.overhead_s for trial in later],
        "of a worker's first trial, beside its epochs": [w[0].overhead_s for w in workers.values()],
        "between two trials of a worker": turns,
    }
    medians = {f"{name}, s": statistics.median(s) for name, s in spans.items() if s}
    sums = {f"{name}, s in all": sum(s) for name, s in spans.items()}
    counts = {
        "workers": float(len(workers)),
        "trials": float(len(trials)),
        "checkpoints": float(sum(trial.n_checkpoints for trial in trials)),
    }
    return {name: rounded(value) for name, value in {**counts, **medians, **sums}.items()}


def epochs_per_s(trials: Sequence[Trained]) -> float:
    """Return the epochs a second while all workers trained; 0 if that was never."""
    times = [[m.at for t in mine for m in t.measured] for mine in by_worker(trials).values()]
    begin, end = max(map(min, times)), min(map(max, times))
    n = sum(begin < at <= end for mine in times for at in mine)
    return rounded(n / (end - begin)) if end > begin else 0.0


def by_worker(trials: Sequence[Trained]) -> dict[str, list[Trained]]:
    """Return the trials of each process."""
    found: dict[str, list[Trained]] = {}
    for trial in trials:
        found.setdefault(trial.worker, []).append(trial)
    return found
