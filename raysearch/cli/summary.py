"""How did a search end, in a dozen lines that tell a person what to do next?"""

from __future__ import annotations

from raysearch.live.text import (
    changed_first,
    counted,
    counts_line,
    difference,
    duration,
    file_size,
    first_line,
    printable,
    short_number,
)
from raysearch.results import Results, failures_by_cause
from raysearch.results.messages import no_winner, unreadable
from raysearch.results.winner_files import MODEL, opening_lines
from raysearch.trial import SearchStatus, Trial, TrialStatus

SHOWN_CAUSES = 5


def heading(results: Results) -> str:
    """Return what the search is and how it stands, in two lines."""
    state = results.state
    reason = f": {first_line(state.reason)}" if state.reason else ""
    counts = counts_line(
        {s: sum(t.status is s for t in state.trials.values()) for s in TrialStatus}
    )
    restarts = f", {counted(state.restarts, 'restart')}" if state.restarts else ""
    return (
        f"{results.run_dir.path}: {results.status}{reason}\n"
        f"{counted(len(state.trials), 'trial')}, {counted(state.epochs, 'epoch')} in "
        f"{duration(state.seconds)}{restarts}" + (f": {counts}" if counts else "")
    )


def winner_facts(results: Results) -> list[tuple[str, str]]:
    """Return who won, by how much, on which data, and where the model lies."""
    winner, objective = results.winner, results.objective
    is_final = results.status is SearchStatus.FINISHED or results.history.is_settled
    label = "winner" if is_final else "best so far"
    if winner is None:
        return [(label, "none")]
    best = winner.best(objective)
    epoch = f", epoch {best.epoch} of {winner.epochs}" if best else ""
    return [
        (label, f"trial {winner.id}{epoch}{_better_one(results, winner)}"),
        (objective.metric, value_against_default(results, winner)),
        *configuration_facts(results, winner),
        *_test(results),
        *_model(results, winner),
    ]


def failure_facts(results: Results) -> list[tuple[str, str]]:
    """Return the failed trials by cause, with the first error of each."""
    facts = []
    for cause, trials in list(failures_by_cause(results).items())[:SHOWN_CAUSES]:
        example = f"{trials[0].id}: {first_line(trials[0].error)}"
        facts.append(("", f"{counted(len(trials), 'trial')}, {printable(cause)}: {example}"))
    return [("failed", facts[0][1]), *facts[1:]] if facts else []


def next_facts(results: Results) -> list[tuple[str, str]]:
    """Return what can be done next, each with the line to type."""
    run, winner = results.run_dir.path, results.winner
    facts = []
    if winner is not None and results.model_of(winner) is not None:
        model_class = results.experiment.bind(winner.configuration).model_class
        first, second = opening_lines(run / MODEL, model_class=model_class)
        facts += [("open it", first), ("", second)]
    if results.run_dir.tensorboard.is_dir():
        facts.append(("curves", f"tensorboard --logdir {results.run_dir.tensorboard}"))
    facts.append(("ranking", f"python -m raysearch results {run}"))
    facts.append(("go on", f"python -m raysearch resume {run}{_more(results)}"))
    return facts


def warnings(results: Results) -> list[str]:
    """Return what a person must know before he trusts the winner."""
    if results.history.is_settled:
        return []
    if results.winner is None:
        return [no_winner(results)]
    return [unreadable(results, passed_over) for passed_over in results.selection.passed_over[:1]]


def value_against_default(results: Results, trial: Trial) -> str:
    """Return a trial's value with how it compares to the default configuration."""
    objective, default = results.objective, results.default
    value = trial.value(objective)
    if default is None or default.id == trial.id:
        return f"{short_number(value)}, of the default configuration"
    other = default.value(objective)
    if other is None:
        return f"{short_number(value)}; the default configuration has no value"
    compared = difference(value, than=other, objective=objective)
    return f"{short_number(value)}, {compared} the default configuration ({short_number(other)})"


def configuration_facts(results: Results, trial: Trial) -> list[tuple[str, str]]:
    """Return a trial's configuration, what differs from the default first."""
    default = results.default
    if default is None or default.id == trial.id:
        _, same = changed_first(trial.configuration)
        return [("configuration", " ".join(same))]
    changed, same = changed_first(trial.configuration, default=default.configuration)
    facts = [("changed", " ".join(changed))] if changed else []
    return [*facts, ("as default", " ".join(same))] if same else facts


def _better_one(results: Results, winner: Trial) -> str:
    """Return which trial is better, where the winner was chosen or better ones are lost."""
    best = results.ranking()[0]
    return "" if best.id == winner.id else f" (the best on validation data is {best.id})"


def _test(results: Results) -> list[tuple[str, str]]:
    outcome = results.test_outcome
    if outcome.values is None:
        reason, _, command = outcome.reason.partition(": ")
        return [("test", f"{reason}:"), ("", command)] if command else [("test", reason)]
    counterpart = f"test/{results.objective.metric.partition('/')[2]}"
    ordered = sorted(outcome.values.items(), key=lambda item: item[0] != counterpart)
    return [("test", ", ".join(f"{name} {short_number(value)}" for name, value in ordered))]


def _model(results: Results, winner: Trial) -> list[tuple[str, str]]:
    run, model = results.run_dir.path, results.model_of(winner)
    if model is None:
        return [("model", "not handed over yet"), ("", f"python -m raysearch refit {run}")]
    made = "trained again on train + validation data" if model.refit else model.reason
    size, epochs = file_size(model.size_bytes), counted(model.epochs, "epoch")
    return [("model", f"{run / model.path} ({size})"), ("", f"{made}, {epochs}")]


def _more(results: Results) -> str:
    """Return the setting that gives a finished search more to do."""
    if results.status is not SearchStatus.FINISHED:
        return ""
    budget = results.state.settings["budget"]
    return "".join(f" budget.{key}={2 * amount}" for key, amount in budget.items() if amount)
