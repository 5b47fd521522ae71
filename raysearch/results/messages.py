"""What is said when a winner cannot be had, and what can be done then?"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.results.found import Found
from raysearch.results.selection import PassedOver
from raysearch.run_dir import events as ev
from raysearch.run_dir.remote.mirrors import place_of
from raysearch.trial import Trial


def to_type(*words: object) -> str:
    """Return the line to type for a command, with quotes around what the shell would break up.

    Example:
        >>> to_type("resume", "my runs/digits-1", "budget.trials=8")
        "python -m raysearch resume 'my runs/digits-1' budget.trials=8"
    """
    shown = (place_of(word) if isinstance(word, Path) else str(word) for word in words)
    return shlex.join(["python", "-m", "raysearch", *shown])


def phrase(error: Exception) -> str:
    """Return the first sentence of a message, to stand inside another one.

    Example:
        >>> phrase(ValueError("MyData has no test_dataloader. Add one."))
        'MyData has no test_dataloader'
        >>> phrase(ValueError(""))
        'ValueError'
    """
    text = " ".join(str(error).split())
    return re.split(r"[.!](?=\s+[A-Z]|$)", text, maxsplit=1)[0] or type(error).__name__


def unreadable(found: Found, passed_over: PassedOver) -> str:
    """Return the message for a trial whose best model cannot be read.

    It names the next best trial that can be, and what to do about either.
    """
    trial, run = passed_over.trial, found.run_dir.path
    sentences = [
        f"{(run / 'trials' / trial.id).as_posix()} has measurements up to epoch {trial.epochs} but "
        f"no readable checkpoint of its best one ({passed_over.fault})."
    ]
    others = [other for other in found.ranking() if other.id != trial.id]
    following = found.select(others).winner
    if following is None:
        sentences.append("No other trial has one either.")
    else:
        sentences += [
            f"The next best trial is {following.id} ({found.objective.metric} "
            f"{_value(found, following)} against {_value(found, trial)}).",
            f"To refit that one: {to_type('refit', run, '--trial', following.id)}.",
        ]
    if found.wants_refit(trial):
        sentences.append(
            f"To train {trial.id} again: {to_type('refit', run, '--trial', trial.id)}."
        )
    return "\n".join(sentences)


def no_winner(found: Found) -> str:
    """Return why there is no winner, and what to do.

    Raises nothing: a search without a winner is an ordinary result.
    """
    run, metric = found.run_dir.path, found.objective.metric
    if not found.state.trials:
        return f"{run} has no trials yet. To go on with it: {to_type('resume', run)}."
    passed_over = found.selection.passed_over
    if passed_over:
        return unreadable(found, passed_over[0])
    if not any(
        trial.measurements or trial.status.is_ended for trial in found.state.trials.values()
    ):
        return (
            f"No trial in {run} has measured an epoch yet, so there is no winner so far. "
            f"Where the search runs no longer, this goes on with it: {to_type('resume', run)}."
        )
    failed = sum(trial.status == "failed" for trial in found.state.trials.values())
    return (
        f"None of the {len(found.state.trials)} trials in {run} has a finite {metric}; {failed} "
        f"of them failed. To see why one did: {to_type('trial', run, '0000')}."
    )


def refuse_without_winner(found: Found) -> Trial:
    """Return the winner of a search.

    Raises:
        RunDirectoryError: There is none; the message says why.
    """
    if found.winner is None:
        raise RunDirectoryError(no_winner(found))
    return found.winner


def never_finite(found: Found, trial: Trial) -> str:
    """Return the message for a trial that has no best epoch."""
    ranking = found.ranking()
    best = f" The best trial is {ranking[0].id}." if ranking else ""
    return (
        f"Trial {trial.id} of {found.run_dir} never reached a finite "
        f"{found.objective.metric}, so it has no best epoch.{best}"
    )


def unknown_trial(found: Found, name: str) -> str:
    """Return the message for a trial that a search does not have."""
    ids = list(found.state.trials)
    known = f"It has {ids[0]} to {ids[-1]}." if ids else "It has none yet."
    return (
        f"{name} is not a trial of {found.run_dir}. {known} "
        f"To see them: {to_type('results', found.run_dir.path)}."
    )


def no_refit_wanted(found: Found, *, seeds: int) -> str:
    """Return the message for seeds that are wanted where there is no refit."""
    run = found.run_dir.path
    return (
        f"{seeds} seeds are wanted, and the experiment of {run} says refit: false, so the best "
        "checkpoint is the winner, and nothing is trained again. To have it otherwise: "
        f"{to_type('resume', run, f'refit.seeds={seeds}')}."
    )


def shortage(model: ev.Refitted, *, seeds: int) -> str:
    """Return why a winner was not refitted, or not with all seeds; empty if it was.

    Args:
        model: Its record.
        seeds: Models that are wanted.
    """
    if model.refit or not model.path or seeds <= 1:
        return model.seeds_reason or model.reason
    return f"{model.reason}, and the only model"


def seeds_missing(found: Found, model: ev.Refitted) -> str:
    """Return the message for a test before all models are there that are tested together."""
    run, n_models = found.run_dir.path, model.n_models
    as_it_is = to_type("refit", run, "--seeds", n_models)
    return (
        f"{n_models} of {model.seeds} models of trial {model.trial} are in "
        f"{(run / 'winner').as_posix()}: their refit was interrupted, or files were lost. They are "
        "tested together, in one opening, so the test split stays closed. To train the others: "
        f"{to_type('refit', run)}. To do with those that are there: {as_it_is}."
    )


def not_refitted(found: Found) -> str:
    """Return the message for a test that has no model to test."""
    run, winner = found.run_dir.path, found.winner
    if winner is None:
        return f"There is nothing to test, and the test split stays closed. {no_winner(found)}"
    return (
        f"There is no model of trial {winner.id}, the winner, in {(run / 'winner').as_posix()} "
        "yet, so nothing can be tested, and the test split stays closed. First: "
        f"{to_type('refit', run)}. "
        "In a search that was interrupted, `resume` goes on and does both at its end."
    )


def _value(found: Found, trial: Trial) -> str:
    value = trial.value(found.objective)
    return "no value" if value is None else f"{value:.4g}"
