"""How does a program read what a search found? As one JSON document.

The keys and their meaning are a public format: only ever add.
"""

from __future__ import annotations

import re
from typing import Any

from raysearch.engine.causes import NOT_FINITE
from raysearch.engine.evidence import summary
from raysearch.results.chosen import chosen_document
from raysearch.results.evaluation import recorded_test
from raysearch.results.families import family_documents
from raysearch.results.found import Found
from raysearch.results.history import lineage_documents, schedule_document
from raysearch.results.selection import best_checkpoint
from raysearch.trial import Objective, Trial, TrialStatus

SCHEMA_VERSION = 1

EXCEPTION = "exception"
"""Cause of trials whose code raised."""


def to_document(found: Found) -> dict[str, Any]:
    """Return the document that `results RUN --json` prints; plain values.

    Where the journal is damaged, "damage" says so, and the document is about what stands before;
    else it is null. Trials come in order of their numbers. The values of a trial are those of its
    best epoch, or of its last one, with the cause, if it never reached a finite value of the
    objective. "families" has the best of each, the best first; what its interval means, which is
    null where there is none, `families` says. A configuration is that of the best epoch; a trial
    that took over the weights of others has a "schedule" of all that led there, and "lineage" tells
    who took over whom. The winner's entry tells what made it the winner. Of
    a winner with several seeds, "test" has the values of the model that was handed over, and
    "test_seeds" those of all, with mean and sample standard deviation.
    """
    objective, state = found.objective, found.state
    winner = found.winner
    return {
        "schema_version": SCHEMA_VERSION,
        "run_dir": found.run_dir.path.as_posix(),
        "status": str(found.status),
        "objectives": [{"metric": objective.metric, "direction": objective.direction}],
        "trials": [
            {**trial_document(t, objective=objective), **schedule_document(found, t)}
            for t in state.trials.values()
        ],
        "pareto_front": [] if winner is None else [winner.id],
        "winner": None if winner is None else _winner(found, winner),
        "totals": {
            "trials": len(state.trials),
            "epochs": state.epochs,
            "seconds": round(state.seconds, 3),
            "restarts": state.restarts,
        },
        "damage": None if found.damage is None else str(found.damage),
        "families": family_documents(found),
        "lineage": lineage_documents(found),
        "evidence": [
            {"run": run, "usable": used, "trials": n} for run, used, n in summary(state.evidence)
        ],
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
        "cause": _told(trial) or (shown.cause if shown else None),
        "configuration": dict(trial.best_configuration(objective)),
        "epochs": trial.epochs,
        "values": dict(shown.values) if shown else {},
        "best_epoch": best.epoch if best else None,
        "seconds": round(trial.seconds, 3),
        "attempts": trial.attempts,
        "checkpoint": checkpoint.path if checkpoint else None,
    }


def _told(trial: Trial) -> str | None:
    """Return the cause of a failure, and what was not finite if that was it."""
    return trial.error if trial.cause == NOT_FINITE else trial.cause


def _winner(found: Found, winner: Trial) -> dict[str, Any]:
    best = winner.best(found.objective)
    model, tested = found.model_of(winner), recorded_test(found)
    checkpoint = best_checkpoint(winner, objective=found.objective)
    path = model.path if model else checkpoint and checkpoint.path
    entry: dict[str, Any] = {
        "trial": winner.id,
        "values": dict(best.values) if best else {},
        "checkpoint": path or None,
        "refit": {"epochs": model.epochs, "seeds": model.n_models}
        if model and model.refit
        else None,
        "test": None if tested.values is None else dict(tested.values),
        **chosen_document(found, winner),
    }
    if tested.spread is not None:
        entry["test_seeds"] = tested.spread.to_json()
    if entry["refit"] is None:
        entry["refit_reason"] = model.reason if model else "not handed over yet"
    if model and model.seeds_reason:
        entry["seeds_reason"] = model.seeds_reason
    if entry["test"] is None:
        entry["test_reason"] = tested.reason
    elif tested.note:
        entry["test_seeds_reason"] = tested.note
    return entry


def failures_by_cause(found: Found) -> dict[str, list[Trial]]:
    """Return the trials that failed by what went wrong, the most frequent cause first.

    A cause is the class of the exception, such as "ValueError", or what else ended the trial, such
    as "worker lost", "out of memory" or "not finite".
    """
    failed: dict[str, list[Trial]] = {}
    for trial in found.state.trials.values():
        if trial.status is TrialStatus.FAILED:
            failed.setdefault(_cause(trial), []).append(trial)
    return dict(sorted(failed.items(), key=lambda item: (-len(item[1]), item[0])))


def _cause(trial: Trial) -> str:
    name = re.match(r"\w+(?=:| \(|$)", trial.error or "")
    if trial.cause == EXCEPTION and name is not None:
        return name.group()
    return trial.cause or "unknown"
