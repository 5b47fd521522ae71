"""What is to be said of a run in a few rows: how it went, who won, and by how much?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from raysearch.counting import counted
from raysearch.live.text import (
    changed_first,
    difference,
    duration,
    file_size,
    first_line,
    printable,
    short_number,
    value_text,
)
from raysearch.report.shown import Shown
from raysearch.results.bootstrap import interval_text
from raysearch.results.evaluation import recorded_test
from raysearch.results.fold_results import folds_text
from raysearch.trial import Trial, are_trainings_of_one

Rows = tuple[tuple[str, ...], ...]


def run_facts(run: Shown) -> Rows:
    """Return how the search went and what it found: rows of a label and a text."""
    state, objective = run.results.state, run.objective
    settings = state.settings
    reason = f": {first_line(state.reason)}" if state.reason else ""
    rows = [
        ("status", f"{run.results.status}{reason}"),
        (
            "searched",
            f"{counted(len(run.trials), 'trial')}, {counted(state.epochs, 'epoch')}, "
            f"{duration(state.seconds)}",
        ),
        (
            "by",
            f"searcher {_named(settings, 'searcher')}, scheduler "
            f"{_named(settings, 'scheduler')}, seed {settings.get('seed', 0)}",
        ),
    ]
    winner = run.winner
    if winner is not None:
        rows += [("winner", _winner(run, winner)), (objective.metric, _value(run, winner))]
        folds = folds_text(winner, objective=objective)
        rows += [("folds", f"the value is the mean of {folds}")] if folds else []
        best = winner.best(objective)
        rows += [
            (other.metric, short_number(best.values.get(other.metric)))
            for other in run.results.objectives[1:]
            if best is not None
        ]
    return (*rows, *_tested(run), *_model(run))


def _named(settings: Mapping[str, Any], section: str) -> str:
    found = settings.get(section)
    return str(found.get("name")) if isinstance(found, Mapping) else "none"


def _winner(run: Shown, winner: Trial) -> str:
    best = winner.best(run.objective)
    epoch = f", epoch {best.epoch} of {winner.epochs}" if best else ""
    chosen = run.results.chosen_by(winner)
    recommended = run.results.recommendation
    if chosen == "searcher" and recommended is not None:
        return f"trial {winner.id}{epoch}, chosen by the searcher: {printable(recommended.reason)}"
    how = ", handed over by a person" if chosen == "person" else ""
    return f"trial {winner.id}{epoch}{how}"


def _value(run: Shown, winner: Trial) -> str:
    default, value = run.results.default, winner.value(run.objective)
    other = None if default is None else default.value(run.objective)
    if default is None or other is None or are_trainings_of_one(default, winner):
        return short_number(value)
    compared = difference(value, than=other, objective=run.objective)
    return f"{short_number(value)}, {compared} the default configuration ({short_number(other)})"


def _tested(run: Shown) -> list[tuple[str, str]]:
    outcome = recorded_test(run.results)
    if outcome.values is None:
        return [("test", outcome.reason.partition(": python")[0])]
    first = re.sub(r"^val(id(ation)?)?(?=[/_.])", "test", run.objective.metric)
    ordered = sorted(outcome.values.items(), key=lambda item: item[0] != first)
    spread = outcome.spread
    texts = []
    for name, value in ordered[:4]:
        apart = ""
        if spread is not None and spread.mean.get(name) is not None:
            apart = f" (mean {short_number(spread.mean[name])} of {spread.n} seeds)"
        within = interval_text(outcome.intervals.get(name), write=short_number)
        texts.append(f"{name} {short_number(value)}{within}{apart}")
    return [("test", ", ".join(texts))]


def _model(run: Shown) -> list[tuple[str, str]]:
    winner = run.winner
    model = None if winner is None else run.results.model_of(winner)
    if model is None or not model.path:
        return []
    made = "trained again on train + validation data" if model.refit else "of the search"
    return [("model", f"{model.path} ({file_size(model.size_bytes)}), {made}")]


def configurations(run: Shown) -> Rows:
    """Return the winner's configuration beside the default one, what differs first."""
    winner, default = run.winner, run.results.default
    if winner is None:
        return ()
    of_default = {} if default is None else default.configuration
    rows = [
        (key, value_text(value), value_text(of_default[key]) if key in of_default else "-")
        for key, value in winner.best_configuration(run.objective).items()
    ]
    differ = [row for row in rows if row[1] != row[2]]
    same = ", ".join(f"{key} {value}" for key, value, other in rows if value == other)
    head = ("parameter", f"winner, {winner.id}", "default, 0000")
    return (head, *differ, *([("the same", same, "")] if same else []))


def trial_text(run: Shown, trial: Trial) -> str:
    """Return a trial's configuration in one line, what differs from the default first."""
    default = run.results.default
    changed, same = changed_first(
        trial.configuration, default=None if default is None else default.configuration
    )
    return " ".join(same if default is None or are_trainings_of_one(default, trial) else changed)


def why(trial: Trial) -> str:
    """Return in one line why a trial stands where it stands."""
    return first_line(trial.error) or printable(trial.reason or trial.cause or "")
