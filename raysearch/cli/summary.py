"""How did a search end, in a dozen lines that tell a person what to do next?"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from raysearch.cli.chosen import better_one, chosen_facts
from raysearch.cli.folds import fold_facts
from raysearch.cli.lineage import inheritance_facts, line_text
from raysearch.cli.tested import compressed_facts, outcome_facts
from raysearch.counting import counted
from raysearch.engine.evidence import summary
from raysearch.errors import RunDirectoryError
from raysearch.imports import absent_objects
from raysearch.live.text import (
    changed_first,
    counts_line,
    difference,
    duration,
    energy,
    file_size,
    first_line,
    printable,
    short_number,
)
from raysearch.results import Results, failures_by_cause
from raysearch.results.loading import Winner, read_winner
from raysearch.results.messages import no_winner, shortage, to_type, unreadable
from raysearch.results.opening import is_given, opening_lines
from raysearch.results.winner_folder import CONFIG, MODEL, SEEDS
from raysearch.run_dir import RunDir
from raysearch.run_dir.remote.mirrors import place_of
from raysearch.trial import SearchStatus, Trial, TrialStatus, are_trainings_of_one

_TOLD = (TrialStatus.FAILED, TrialStatus.REJECTED)
"""Of trials that are told about elsewhere."""

SHOWN_CAUSES = 5
SHOWN_IDS = 5


def heading(results: Results) -> str:
    """Return what the search is and how it stands, in two lines."""
    state = results.state
    reason = f": {first_line(state.reason)}" if state.reason else ""
    counts = counts_line(
        {s: sum(t.status is s for t in state.trials.values()) for s in TrialStatus}
    )
    restarts = f", {counted(state.restarts, 'restart')}" if state.restarts else ""
    return (
        f"{results.run_dir}: {results.status}{reason}\n"
        f"{counted(len(state.trials), 'trial')}, {counted(state.epochs, 'epoch')} in "
        f"{duration(state.seconds)}{_energy(results)}{restarts}" + (f": {counts}" if counts else "")
    )


def _energy(results: Results) -> str:
    told = [t.joules for t in results.state.trials.values() if t.joules is not None]
    return f", {energy(sum(told))}" if told else ""


def winner_facts(results: Results) -> list[tuple[str, str]]:
    """Return who won, by how much, on which data, and where the model lies."""
    winner, objective = results.winner, results.objective
    is_final = results.status is SearchStatus.FINISHED or results.handover.is_settled
    is_final = is_final and not any(leader.missing for leader in results.leaders)
    label = "winner" if is_final else "best so far"
    if winner is None:
        return [(label, "none")]
    best = winner.best(objective)
    epoch = f", epoch {best.epoch} of {winner.epochs}" if best else ""
    facts = [
        (label, f"trial {winner.id}{epoch}{better_one(results, winner)}"),
        *chosen_facts(results, winner),
        (objective.metric, value_against_default(results, winner)),
        *fold_facts(winner, objective=objective),
        *configuration_facts(results, winner),
        *inheritance_facts(results, winner),
    ]
    if results.model_of(winner) is None and (not is_final or results.damage is not None):
        return facts  # refit and test come at the end of the search, and not behind a damage
    return [*facts, *outcome_facts(results), *_model(results, winner)]


def failure_facts(results: Results) -> list[tuple[str, str]]:
    """Return the failed trials by cause, with an example of each, and how to see more of it."""
    facts = []
    by_cause = failures_by_cause(results)
    for cause, trials in list(by_cause.items())[:SHOWN_CAUSES]:
        example = first_line(trials[0].error)
        ids = _some([trial.id for trial in trials])
        facts.append(("", f"{counted(len(trials), 'trial')}, {printable(cause)}: {ids}"))
        facts += [("", f"  {example}")] if example else []
        facts.append(("", f"  {to_type('trial', results.run_dir.path, trials[0].id)}"))
    more = len(by_cause) - SHOWN_CAUSES
    facts += [("", f"and {counted(more, 'cause')} more")] if more > 0 else []
    return [("failed", facts[0][1]), *facts[1:]] if facts else []


def evidence_facts(results: Results) -> list[tuple[str, str]]:
    """Return of which earlier runs the searcher was told; their trials are none of this search."""
    told = [
        f"{counted(used, 'trial')} of {n} of {run}, told to the searcher; none of this search"
        for run, used, n in summary(results.state.evidence)
    ]
    return [("evidence" if not n else "", text) for n, text in enumerate(told)]


def unranked_facts(results: Results) -> list[tuple[str, str]]:
    """Return which trials have no place in the ranking, and why; those that failed left out."""
    ranked = {trial.id for trial in results.ranking()}
    by_reason: dict[str, list[str]] = {}
    for trial in results.state.trials.values():
        if trial.id not in ranked and trial.status not in _TOLD:
            by_reason.setdefault(_why_unranked(results, trial), []).append(trial.id)
    texts = [f"{_some(ids)}: {reason}" for reason, ids in by_reason.items()]
    return [("not ranked", "; ".join(texts))] if texts else []


def opening_facts(results: Results) -> list[tuple[str, str]]:
    """Return the lines of Python that open the winner's model; none before it is handed over."""
    run, trial = results.run_dir.path, results.winner
    model = None if trial is None else results.model_of(trial)
    if model is None:
        return []
    if not model.path:
        return [("use it", f"its configuration is in {place_of(run / CONFIG)}")]
    try:
        winner = read_winner(run)
    except RunDirectoryError:  # the model is there, and what says its class was taken away
        return []
    first, *others = _opening(results.run_dir, winner)
    return [("open it", first), *(("", line) for line in others)]


def _opening(run_dir: RunDir, winner: Winner) -> Sequence[str]:
    run = run_dir.path
    if winner.kind != "module" or is_given(winner.path):
        checkpoint = run_dir.fetched(MODEL).as_posix()
        return opening_lines(
            checkpoint, run=run.as_posix(), kind=winner.kind, model_class=winner.path
        )
    name = winner.path.rpartition(":")[2]
    if run_dir.mirror is not None:
        opened = json.dumps(str(run_dir), ensure_ascii=False)
        return (
            "import raysearch",
            f"model = raysearch.load_model({opened})  # {name} in eval mode",
        )
    opened, checkpoint = (
        json.dumps(path.as_posix(), ensure_ascii=False) for path in (run, run / MODEL)
    )
    return (
        "import raysearch",
        f"model = raysearch.load_model({opened})  # {name} in eval mode; "
        f"or {name}.load_from_checkpoint({checkpoint})",
    )


def next_facts(results: Results) -> list[tuple[str, str]]:
    """Return what can be done next, each with the line to type."""
    run, curves = results.run_dir.path, results.run_dir.tensorboard
    facts = opening_facts(results)
    if results.run_dir.mirror is not None:
        facts.append(("curves", to_type("monitor", run)))
    elif curves.is_dir():
        facts.append(("curves", f"tensorboard --logdir {shlex.quote(str(curves))}"))
    facts.append(("report", to_type("report", run)))
    facts.append(("ranking", to_type("results", run)))
    facts.append(_go_on(results))
    return facts


def next_steps(results: Results) -> list[tuple[str, str]]:
    """Return what can be done with a search that is not at work: go on, or hand over its best.

    Where the journal is damaged, only one thing is left to do: all others are refused until then.
    """
    run, winner = results.run_dir.path, results.winner
    facts = [_go_on(results)]
    if results.damage is not None:
        return facts
    if winner is not None and results.model_of(winner) is None:
        line = _handing_over(results)
        facts.append(("hand over", f"{line}  # trial {winner.id}, the best so far"))
    facts.append(("ranking", to_type("results", run)))
    return facts


def _go_on(results: Results) -> tuple[str, str]:
    words = _more(results) if results.damage is None else ["--from-intact"]
    return ("go on", to_type("resume", results.run_dir.path, *words))


def warnings(results: Results) -> list[str]:
    """Return what a person must know before he trusts the winner."""
    return damages(results) or _warnings(results)


def damages(results: Results) -> list[str]:
    """Return that the journal is damaged, and what is shown is what stands before, if so."""
    return [] if results.damage is None else [str(results.damage)]


def _warnings(results: Results) -> list[str]:
    if results.handover.is_settled:
        return []
    if results.winner is None:
        return [no_winner(results)]
    return [unreadable(results, passed_over) for passed_over in results.selection.passed_over[:1]]


def value_against_default(results: Results, trial: Trial) -> str:
    """Return a trial's value with how it compares to the default configuration."""
    objective, default = results.objective, results.default
    value = trial.value(objective)
    if default is None or are_trainings_of_one(default, trial):
        return short_number(value) + (", of the default configuration" if default else "")
    other = default.value(objective)
    if other is None:
        return f"{short_number(value)}; the default configuration has no value"
    compared = difference(value, than=other, objective=objective)
    return f"{short_number(value)}, {compared} the default configuration ({short_number(other)})"


def configuration_facts(results: Results, trial: Trial) -> list[tuple[str, str]]:
    """Return a trial's configuration, what differs from the default first."""
    default, configuration = results.default, trial.best_configuration(results.objective)
    if default is None or are_trainings_of_one(default, trial):
        _, same = changed_first(configuration)
        return [("configuration", " ".join(same))]
    changed, same = changed_first(configuration, default=default.configuration)
    facts = [("changed", " ".join(changed))] if changed else []
    return [*facts, ("as default", " ".join(same))] if same else facts


def _model(results: Results, winner: Trial) -> list[tuple[str, str]]:
    run, model = results.run_dir.path, results.model_of(winner)
    if model is None:
        return [("model", "not handed over yet"), ("", _handing_over(results))]
    if not model.path:
        return [("model", f"none: {model.reason}")]
    missing = shortage(model, seeds=results.seeds_to_have(model))
    made = "trained again on train + validation data" if model.refit else missing
    if not model.is_refused:  # whose reason names the epoch
        made += f", {counted(model.epochs, 'epoch')}{line_text(model)}"
    facts = [("model", f"{place_of(run / model.path)} ({file_size(model.size_bytes)})"), ("", made)]
    facts += compressed_facts(results, model)
    if model.n_models > 1:
        facts.append(
            ("", f"with {counted(model.n_models - 1, 'other seed')}: {place_of(run / SEEDS)}")
        )
    if model.seeds_reason:
        facts.append(("", model.seeds_reason))
    elif not model.is_complete:
        facts.append(("", f"{model.n_models} of {model.seeds} models; to train the others:"))
        facts.append(("", to_type("refit", run)))
    return facts


def _handing_over(results: Results) -> str:
    """Return how the winner is handed over: by a command, if another process can make its model."""
    absent = absent_objects(results.state.settings)
    if not absent:
        return to_type("refit", results.run_dir.path)
    return (
        f"by results.refit() in the Python that searched: {', '.join(absent)} of it cannot be "
        "imported here"
    )


def _why_unranked(results: Results, trial: Trial) -> str:
    if not trial.measurements:
        return "no epoch was measured"
    return f"{results.objective.metric} was never finite"


def _some(ids: list[str]) -> str:
    """Return the first ids, and how many there are beside them."""
    more = len(ids) - SHOWN_IDS
    return ", ".join(ids[:SHOWN_IDS]) + (f" and {more} more" if more > 0 else "")


def _more(results: Results) -> list[str]:
    """Return the settings that give a finished search more to do: twice what it had or used."""
    if results.status is not SearchStatus.FINISHED:
        return []
    state = results.state
    used = {"trials": len(state.trials), "minutes": state.seconds // 60, "epochs": state.epochs}
    limits = {key: limit for key, limit in state.settings["budget"].items() if limit is not None}
    target = limits.pop("target", None)
    settings = [
        f"budget.{key}={2 * max(limit, used.get(key, 0)):.12g}" for key, limit in limits.items()
    ]
    return settings if target is None else [*settings, "budget.target=null"]
