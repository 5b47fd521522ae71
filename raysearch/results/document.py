"""How does a program read what a search found? As one JSON document.

The keys and their meaning are a public format: only ever add.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from raysearch.engine.causes import NOT_FINITE
from raysearch.engine.evidence import summary
from raysearch.results.chosen import chosen_document
from raysearch.results.evaluation import recorded_test
from raysearch.results.family_tests import tested_family_documents
from raysearch.results.fold_results import folds_document
from raysearch.results.found import Found
from raysearch.results.front import hypervolume_curve
from raysearch.results.history import lineage_documents, schedule_document
from raysearch.results.leaders import leader_documents
from raysearch.results.lineage import inheritance_document
from raysearch.results.selection import best_checkpoint
from raysearch.run_dir import events as ev
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
    null where there is none, `families` says; "paired" is how the best family compares with it. A
    configuration is that of the best epoch; a trial that took over the weights of others has a
    "schedule" of all that led there, and "lineage" tells who took over whom. "leaders" are those
    that are trained again with further seeds, best first by the search; how, `leaders` says. The
    winner's entry tells what made it the winner. Of a winner with several seeds, "test" has the
    values of the model that was handed over, and "test_seeds" those of all, with mean and sample
    standard deviation; "test_intervals" are of the former, see `bootstrap`. Trials that began with
    another one's weights have "inherited"; the refit of such a winner has the "line" that it
    trained before. A
    trial that is trained on several folds has "folds": what each that is done reached at its best
    epoch, with mean, which is its value, and sample standard deviation.
    """
    objective, state = found.objective, found.state
    winner = found.winner
    return {
        "schema_version": SCHEMA_VERSION,
        "run_dir": str(found.run_dir),
        "status": str(found.status),
        "objectives": [
            {"metric": each.metric, "direction": each.direction} for each in found.objectives
        ],
        "trials": [
            {
                **trial_document(t, objective=objective),
                **schedule_document(found, t),
                **_inherited(t, found),
            }
            for t in state.trials.values()
        ],
        "pareto_front": _front(found, winner),
        "hypervolume": [
            {
                "trial": each.trial,
                "seconds": round(each.at - state.started_at, 3),
                "share": each.share,
            }
            for each in hypervolume_curve(state.trials.values(), found.objectives)
        ]
        if len(found.objectives) > 1
        else [],
        "constraints": dict(state.settings.get("constraints", {})),
        "winner": None if winner is None else _winner(found, winner),
        "totals": {
            "trials": len(state.trials),
            "epochs": state.epochs,
            "seconds": round(state.seconds, 3),
            **_energy(state.trials.values()),
            "restarts": state.restarts,
        },
        "damage": None if found.damage is None else str(found.damage),
        "families": tested_family_documents(found),
        "evidence": [
            {"run": run, "usable": used, "trials": n} for run, used, n in summary(state.evidence)
        ],
        "lineage": lineage_documents(found),
        "leaders": leader_documents(found.leaders, found.objectives),
    }


def _front(found: Found, winner: Trial | None) -> list[str]:
    """Return the ids of the trials on the front; of a single objective that is the winner."""
    if len(found.objectives) > 1:
        return [trial.id for trial in found.front]
    return [] if winner is None else [winner.id]


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
        "values": {**trial.measures, **(shown.values if shown else {})},
        "best_epoch": best.epoch if best else None,
        "seconds": round(trial.seconds, 3),
        **_energy([trial]),
        "attempts": trial.attempts,
        "checkpoint": checkpoint.path if checkpoint else None,
        **folds_document(trial, objective=objective),
    }


def _energy(trials: Iterable[Trial]) -> dict[str, float]:
    """Return the energy of trials, in joules; nothing where no device told it."""
    told = [trial.joules for trial in trials if trial.joules is not None]
    return {"joules": round(sum(told), 3)} if told else {}


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
        "refit": _refit(model) if model and model.refit else None,
        "test": None if tested.values is None else dict(tested.values),
        **chosen_document(found, winner),
    }
    made = None if model is None else found.handover.compression_of(model)
    if made is not None:
        entry["compressed"] = {
            "path": made.path,
            "recipe": dict(made.recipe),
            "size_bytes": made.size_bytes,
            "original_bytes": made.original_bytes,
            "validation": dict(made.values),
            "original": dict(made.original),
            "test": None if tested.compressed is None else dict(tested.compressed),
        }
    if tested.spread is not None:
        entry["test_seeds"] = tested.spread.to_json()
    if entry["refit"] is None:
        entry["refit_reason"] = model.reason if model else "not handed over yet"
    if model and model.seeds_reason:
        entry["seeds_reason"] = model.seeds_reason
    if tested.intervals:
        entry["test_intervals"] = dict(tested.intervals)
    if entry["test"] is None:
        entry["test_reason"] = tested.reason
    elif tested.note:
        entry["test_seeds_reason"] = tested.note
    return entry


def _refit(model: ev.Refitted) -> dict[str, Any]:
    line = {"line": [dict(each) for each in model.line]} if model.line else {}
    return {"epochs": model.epochs, "seeds": model.n_models, **line}


def _inherited(trial: Trial, found: Found) -> dict[str, Any]:
    """Return with whose weights a trial began, for those that inherited."""
    told = inheritance_document(trial, trials=found.state.trials)
    return {} if told is None else {"inherited": told}


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
