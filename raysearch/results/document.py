"""How does a program read what a search found? As one JSON document.

The keys and their meaning are a public format: only ever add.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raysearch.results.selection import best_checkpoint
from raysearch.trial import Objective, Trial

if TYPE_CHECKING:
    from raysearch.results.collect import Results

SCHEMA_VERSION = 1


def to_document(results: Results) -> dict[str, Any]:
    """Return the document that `results RUN --json` prints; plain values.

    Trials come in order of their numbers. The values of a trial are those of its best epoch, or of
    its last one, with the cause, if it never reached a finite value of the objective.
    """
    objective, state = results.objective, results.state
    winner = results.winner
    return {
        "schema_version": SCHEMA_VERSION,
        "run_dir": results.run_dir.path.as_posix(),
        "status": str(results.status),
        "objectives": [{"metric": objective.metric, "direction": objective.direction}],
        "trials": [trial_document(t, objective=objective) for t in state.trials.values()],
        "pareto_front": [] if winner is None else [winner.id],
        "winner": None if winner is None else _winner(results, winner),
        "totals": {
            "trials": len(state.trials),
            "epochs": state.epochs,
            "seconds": round(state.seconds, 3),
            "restarts": state.restarts,
        },
    }


def trial_document(trial: Trial, *, objective: Objective) -> dict[str, Any]:
    """Return one entry of the document's "trials"."""
    best = trial.best(objective)
    shown = best or trial.last
    checkpoint = best_checkpoint(trial, objective=objective)
    return {
        "id": trial.id,
        "status": str(trial.status),
        "reason": trial.reason,
        "cause": trial.cause or (shown.cause if shown else None),
        "configuration": dict(trial.configuration),
        "epochs": trial.epochs,
        "values": dict(shown.values) if shown else {},
        "best_epoch": best.epoch if best else None,
        "seconds": round(trial.seconds, 3),
        "attempts": trial.attempts,
        "checkpoint": checkpoint.path if checkpoint else None,
    }


def _winner(results: Results, winner: Trial) -> dict[str, Any]:
    best = winner.best(results.objective)
    model, tested = results.model_of(winner), results.test_outcome
    checkpoint = best_checkpoint(winner, objective=results.objective)
    found: dict[str, Any] = {
        "trial": winner.id,
        "values": dict(best.values) if best else {},
        "checkpoint": model.path if model else checkpoint and checkpoint.path,
        "refit": {"epochs": model.epochs} if model and model.refit else None,
        "test": None if tested.values is None else dict(tested.values),
    }
    if found["refit"] is None:
        found["refit_reason"] = model.reason if model else "not handed over yet"
    if found["test"] is None:
        found["test_reason"] = tested.reason
    return found


def failures_by_cause(results: Results) -> dict[str, list[Trial]]:
    """Return the trials that failed, by the class of failure, the most frequent class first."""
    failed: dict[str, list[Trial]] = {}
    for trial in results.state.trials.values():
        if trial.status == "failed":
            failed.setdefault(trial.cause or "unknown", []).append(trial)
    return dict(sorted(failed.items(), key=lambda item: (-len(item[1]), item[0])))
