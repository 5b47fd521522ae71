"""How do the leaders of a search compare, once they were trained again, as a table for a person?"""

from __future__ import annotations

from raysearch.cli.screen import print_facts, print_table
from raysearch.counting import counted
from raysearch.live.text import NOTHING, mean_text, short_number
from raysearch.results import Results
from raysearch.results.leaders import Leader, are_told_apart
from raysearch.results.messages import phrase, to_type
from raysearch.trial import Objective


def print_leaders(results: Results) -> None:
    """Print what the leaders reached in the search and with further seeds; nothing for none."""
    leaders, objectives = results.leaders, results.objectives
    if not leaders:
        return
    winner = results.winner
    metrics = [objective.metric for objective in objectives]
    print_table(
        [
            [
                each.trial.id + (" *" if winner is not None and each.trial.id == winner.id else ""),
                short_number(each.trial.value(objectives[0])),
                *(_mean(each, objective) for objective in objectives),
                str(len(each.done)),
                f"{each.epochs}",
            ]
            for each in leaders
        ],
        header=["leader", "in the search", *(f"mean {name}" for name in metrics), "n", "epochs"],
        numbers=["in the search", *(f"mean {name}" for name in metrics), "n", "epochs"],
    )
    print_facts(_notes(results, leaders))
    print()


def _mean(leader: Leader, objective: Objective) -> str:
    return NOTHING if leader.spread is None else mean_text(*leader.spread.of(objective.metric))


def _notes(results: Results, leaders: tuple[Leader, ...]) -> list[tuple[str, str]]:
    seeds = len(leaders[0].wanted)
    n_missing = sum(len(leader.missing) for leader in leaders)
    text = (
        f"trained again with {counted(seeds, 'seed')} each, on training data alone, for as many "
        "epochs as the best one took; mean ± standard deviation"
    )
    winner = results.winner
    if are_told_apart(leaders) and winner is not None:
        text += "; * has the best" if results.chosen_by(winner) == "seeds" else "; * is the winner"
    notes = [("leaders", text)]
    if n_missing:
        go_on = to_type("resume", results.run_dir.path)
        notes.append(("", f"{counted(n_missing, 'training')} of {seeds * len(leaders)} to come:"))
        notes.append(("", go_on))
    wanted = results.state.settings.get("select", {}).get("top", len(leaders))
    if len(leaders) < wanted:
        notes.append(("", f"{len(leaders)} of {wanted}: no more trials have a model to hand over"))
    faults = [
        ("", f"{leader.trial.id}, a seed: {phrase(ValueError(fault))}")
        for leader in leaders
        for fault in leader.faults
    ]
    return [*notes, *faults]
