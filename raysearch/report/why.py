"""Why did this trial win, in words and figures?

Against the second, and against trial 0000, the default: what they reached, with further seeds where
there are any, in what they differ and what that is worth, how they learnt, and whether the lead is
more than chance gives.
"""

from __future__ import annotations

from collections.abc import Iterator

from raysearch.counting import counted
from raysearch.live.text import (
    NOTHING,
    difference,
    mean_text,
    printable,
    short_number,
    value_text,
)
from raysearch.report.figure import Axis, Figure, Panel, Series
from raysearch.report.shown import DEFAULT, WINNER, Shown
from raysearch.results.bootstrap import interval_text
from raysearch.results.evaluation import recorded_test
from raysearch.results.examples import kept
from raysearch.results.fold_results import gains_text
from raysearch.results.found import Found
from raysearch.results.importance import Importance
from raysearch.results.paired import paired_text
from raysearch.results.selection import rank
from raysearch.results.why import Look, Rival, Why, leader_of, why
from raysearch.training.outcomes import on_test_split
from raysearch.trial import Trial, are_trainings_of_one

Rows = tuple[tuple[str, ...], ...]

NAMES = {"second": "the second", "default": "the default configuration"}
SECOND = "#2f6f9f"
"""Colour of the second's curve."""


def sentences(found: Found, told: Why, *, importance: Importance) -> list[str]:
    """Return what is to be said, each text a paragraph."""
    texts = [_headline(found, told.winner)]
    texts += [_against(found, told.winner, rival) for rival in told.rivals]
    if not any("default" in rival.roles for rival in told.rivals):
        default = found.default
        is_it = default is not None and are_trainings_of_one(default, told.winner)
        texts += ["The default configuration itself won: the search found nothing better."] * is_it
    if importance.reason and any(rival.differs for rival in told.rivals):
        texts.append(f"What a parameter is worth is not known: {importance.reason}.")
    tested = _tested(found)
    return [*texts, tested] if tested else texts


def _headline(found: Found, winner: Trial) -> str:
    best, objective = winner.best(found.objective), found.objective
    epoch = "" if best is None else f" at epoch {best.epoch} of {winner.epochs}"
    n = len(rank(found.state.trials.values(), objective=objective))
    how = {
        "front": "the choice from the Pareto front",
        "person": "a person chose it",
        "searcher": "the searcher recommends it",
        "seeds": "the best mean when the leaders were trained again with further seeds",
        "value": _best_value(found),
    }[found.chosen_by(winner)]
    value = short_number(winner.value(objective))
    won = f"Trial {winner.id} won with {objective.metric} {value}{epoch}"
    return f"{won}: {how}, of {counted(n, 'trial')} with a value."


def _best_value(found: Found) -> str:
    n_folds = found.state.account.n_folds
    return "the best value" if n_folds == 1 else f"the best mean over {n_folds} folds"


def _against(found: Found, winner: Trial, rival: Rival) -> str:
    """Return a paragraph on the winner beside another trial."""
    objective, name = found.objective, f"trial {rival.trial.id}"
    named = " and ".join(NAMES[role] for role in rival.roles)
    mine, theirs = winner.value(objective), rival.trial.value(objective)
    if mine is None or theirs is None:
        return f"Against {named}, {name}: it has no value of {objective.metric}."
    apart = difference(mine, than=theirs, objective=objective)
    parts = [f"Against {named}, {name} ({short_number(theirs)}): {apart} it"]
    parts += [gains_text(rival.gains)] if rival.gains else []
    parts += [*_curves(rival), *_seeds(found, winner, rival), *_examples(winner, rival)]
    return "; ".join(parts) + f". {_verdict(rival)}"


def _curves(rival: Rival) -> Iterator[str]:
    if rival.common is None:
        return
    if rival.ahead_from is None:
        yield f"not ahead after epoch {rival.common}, the last that both were trained to"
    elif rival.ahead_from == rival.common:
        yield f"ahead only at epoch {rival.common}, the last that both were trained to"
    else:
        yield f"ahead from epoch {rival.ahead_from} to {rival.common}"


def _seeds(found: Found, winner: Trial, rival: Rival) -> Iterator[str]:
    if rival.seeds is None:
        return
    means = " against ".join(_mean(found, trial) for trial in (winner, rival.trial))
    p, deals = rival.seeds.p, rival.seeds.n_deals
    yield f"with further seeds {means}, p = {p:.2g} (permutation test, {counted(deals, 'deal')})"


def _mean(found: Found, trial: Trial) -> str:
    leader = leader_of(found, trial)
    spread = None if leader is None else leader.spread
    return NOTHING if spread is None else mean_text(*spread.of(found.objective.metric))


def _examples(winner: Trial, rival: Rival) -> Iterator[str]:
    if rival.paired is None:
        yield f"not compared example by example, since {rival.reason}"
    else:
        yield paired_text(rival.paired, one=winner.id, other=rival.trial.id)


def _verdict(rival: Rival) -> str:
    if rival.paired is None:
        return "Whether that is more than chance nobody can say."
    if not rival.paired.is_sure:
        return "On these examples that is no more than chance: which is better cannot be told."
    if rival.paired.advantage < 0:
        return "On these examples it is the better one, by more than chance gives."
    return "On these examples that is more than chance gives."


def _tested(found: Found) -> str:
    outcome = recorded_test(found)
    name = on_test_split(found.objective.metric)
    if outcome.values is None or name not in outcome.values:
        return ""
    within = interval_text(outcome.intervals.get(name), write=short_number)
    sure = " at 95 %" if within else ""
    value = short_number(outcome.values[name])
    return (
        f"On the test split, which nobody had looked at, it reaches {name} {value}{within}{sure}."
    )


def table(found: Found, told: Why, *, importance: Importance) -> Rows:
    """Return winner and rivals side by side, a column each, with what parameters are worth."""
    trials = [told.winner, *(rival.trial for rival in told.rivals)]
    names = [f"winner, {told.winner.id}"]
    names += [f"{' and '.join(rival.roles)}, {rival.trial.id}" for rival in told.rivals]
    rows = [
        (objective.metric, *(_best_of(found, trial, objective.metric) for trial in trials), "")
        for objective in found.objectives
    ]
    if any(leader_of(found, trial) is not None for trial in trials):
        rows.append(("with further seeds", *(_mean(found, trial) for trial in trials), ""))
    rows.append(("best epoch", *(_epoch(found, trial) for trial in trials), ""))
    keys = dict.fromkeys(key for rival in told.rivals for key in rival.differs)
    for key in keys:
        values = [_value(found, trial, key) for trial in trials]
        rows.append((key, *values, worth(key, importance)))
    return (("", *names, "worth"), *rows)


def worth(key: str, importance: Importance) -> str:
    """Return what a parameter is worth by the importance analysis; empty where nobody knows."""
    effects = [effect for effect in importance.effects if effect.key == key]
    if not effects:
        return ""
    share = sum(effect.share for effect in effects)
    told = "" if any(effect.stands_out for effect in effects) else ", no more than by chance"
    return f"{share:.0%} of all that mattered{told}"


def _value(found: Found, trial: Trial, key: str) -> str:
    configuration = trial.best_configuration(found.objective)
    return printable(value_text(configuration[key])) if key in configuration else NOTHING


def _best_of(found: Found, trial: Trial, metric: str) -> str:
    best = trial.best(found.objective)
    values = {**trial.measures, **(best.values if best else {})}
    return short_number(values.get(metric))


def _epoch(found: Found, trial: Trial) -> str:
    best = trial.best(found.objective)
    return NOTHING if best is None else f"{best.epoch} of {trial.epochs}"


def curves(run: Shown, told: Why) -> Figure:
    """Return how the winner and its rivals learnt."""
    colors = {"second": SECOND, "default": DEFAULT}
    named = [(told.winner, "winner", WINNER)]
    named += [
        (rival.trial, " and ".join(rival.roles), colors[rival.roles[0]]) for rival in told.rivals
    ]
    metric = run.objective.metric
    series = tuple(
        Series(
            kind="line",
            x=[float(m.epoch) for m in trial.measurements],
            y=[m.values.get(metric) for m in trial.measurements],
            name=f"{trial.id}, {name}",
            color=color,
            weight=2.0,
            owners=[[run.owner(trial.id)]] * len(trial.measurements),
        )
        for trial, name, color in named
    )
    return Figure(
        key=f"why-{run.place}",
        title="Why this trial won",
        caption=f"{metric} of the winner and those it is compared with, after each epoch.",
        panels=(Panel(series=series, x=Axis(title="epoch"), y=Axis(title=metric)),),
    )


def told_of(run: Shown, *, look: Look | None = None) -> Why | None:
    """Return what is to be said of a run's winner, of validation examples what is kept."""
    return why(run.results, look=look or (lambda trial: kept(run.results, trial)))
