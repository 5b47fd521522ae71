"""What is said when a winner cannot be had, and what can be done then?"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from raysearch.results.selection import PassedOver, select
from raysearch.trial import Trial

if TYPE_CHECKING:
    from raysearch.results.collect import Results


def to_type(*words: object) -> str:
    """Return the line to type for a command, with quotes around what the shell would break up.

    Example:
        >>> to_type("resume", "my runs/digits-1", "budget.trials=8")
        "python -m raysearch resume 'my runs/digits-1' budget.trials=8"
    """
    return shlex.join(["python", "-m", "raysearch", *(str(word) for word in words)])


def unreadable(results: Results, passed_over: PassedOver) -> str:
    """Return the message for a trial whose best model cannot be read.

    It names the next best trial that can be, and what to do about either.
    """
    trial, run = passed_over.trial, results.run_dir.path
    sentences = [
        f"{(run / 'trials' / trial.id).as_posix()} has measurements up to epoch {trial.epochs} but "
        f"no readable checkpoint of its best one ({passed_over.fault})."
    ]
    others = [other for other in results.ranking() if other.id != trial.id]
    following = select(others, objective=results.objective, run_dir=results.run_dir).winner
    if following is None:
        sentences.append("No other trial has one either.")
    else:
        sentences += [
            f"The next best trial is {following.id} ({results.objective.metric} "
            f"{_value(results, following)} against {_value(results, trial)}).",
            f"To refit that one: {to_type('refit', run, '--trial', following.id)}.",
        ]
    if results.is_refit_wanted:
        sentences.append(
            f"To train {trial.id} again: {to_type('refit', run, '--trial', trial.id)}."
        )
    return "\n".join(sentences)


def no_winner(results: Results) -> str:
    """Return why there is no winner, and what to do.

    Raises nothing: a search without a winner is an ordinary result.
    """
    run, metric = results.run_dir.path, results.objective.metric
    if not results.state.trials:
        return f"{run} has no trials yet. To go on with it: {to_type('resume', run)}."
    passed_over = results.selection.passed_over
    if passed_over:
        return unreadable(results, passed_over[0])
    failed = sum(trial.status == "failed" for trial in results.state.trials.values())
    return (
        f"None of the {len(results.state.trials)} trials in {run} has a finite {metric}; {failed} "
        f"of them failed. To see why one did: {to_type('trial', run, '0000')}."
    )


def never_finite(results: Results, trial: Trial) -> str:
    """Return the message for a trial that has no best epoch."""
    ranking = results.ranking()
    best = f" The best trial is {ranking[0].id}." if ranking else ""
    return (
        f"Trial {trial.id} of {results.run_dir.path} never reached a finite "
        f"{results.objective.metric}, so it has no best epoch.{best}"
    )


def unknown_trial(results: Results, name: str) -> str:
    """Return the message for a trial that a search does not have."""
    ids = list(results.state.trials)
    known = f"It has {ids[0]} to {ids[-1]}." if ids else "It has none yet."
    return (
        f"{name} is not a trial of {results.run_dir.path}. {known} "
        f"To see them: {to_type('results', results.run_dir.path)}."
    )


def not_refitted(results: Results) -> str:
    """Return the message for a test that has no model to test."""
    run, winner = results.run_dir.path, results.winner
    of_trial = f" of trial {winner.id}, the winner," if winner else ""
    return (
        f"There is no model{of_trial} in {(run / 'winner').as_posix()} yet, so nothing can be "
        f"tested, and the test split stays closed. First: {to_type('refit', run)}. "
        "In a search that was interrupted, `resume` goes on and does both at its end."
    )


def _value(results: Results, trial: Trial) -> str:
    value = trial.value(results.objective)
    return "no value" if value is None else f"{value:.4g}"
