"""Which trials belong together: by weights that were taken over, or by their configuration?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raysearch.experiment import Experiment
    from raysearch.results import Results
    from raysearch.trial import Configuration, Trial

MOST_LINES = 40
"""Lines of a tree that are printed."""


def changing_facts(experiment: Experiment) -> list[tuple[str, str]]:
    """Return which parameters the scheduler changes while trials train, if it changes any."""
    keys = getattr(experiment.make_scheduler(), "mutable", ())
    return [("changing", ", ".join(keys))] if keys else []


def print_descent(results: Results) -> None:
    """Print the tree of a population, if weights were taken over in it."""
    from raysearch.engine.lineage import tree
    from raysearch.live.text import printable

    lines = tree(results.state.trials)
    if not lines:
        return
    print("whose weights were taken over")
    for line in lines[:MOST_LINES]:
        print(f"  {printable(line)}")
    if len(lines) > MOST_LINES:
        print(f'  ... and {len(lines) - MOST_LINES} more: "lineage" of --json')
    print()


def schedule_facts(results: Results, trial: Trial) -> list[tuple[str, str]]:
    """Return with what the weights of a trial's best epoch were trained, if that changed."""
    from raysearch.live.text import changed_first
    from raysearch.results.history import history

    stretches = history(results, trial)
    if len(stretches) < 2:
        return []
    facts: list[tuple[str, str]] = []
    before: Configuration | None = None
    for stretch in stretches:
        changed, same = changed_first(stretch.configuration, default=before)
        shown = " ".join(same if before is None else changed) or "as before"
        epochs = f"epochs {stretch.first} to {stretch.last}, as {stretch.trial}"
        facts.append(("schedule" if before is None else "", f"{epochs}: {shown}"))
        before = stretch.configuration
    return facts


def origin_text(trial: Trial) -> str:
    """Return where the configuration came from: "genetic, parents 0003 0007, generation 2".

    What is no single value or list, such as the state of a searcher, is left to `--json`.
    """
    details = [
        f"{key} {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in trial.origin.items()
        if key != "kind" and not isinstance(value, dict)
    ]
    return ", ".join([str(trial.origin.get("kind", "unknown")), *details])


def repeat_facts(results: Results, trial: Trial) -> list[tuple[str, str]]:
    """Return what other trainings of a trial's configuration reached, if it was trained again."""
    from raysearch.live.text import short_number
    from raysearch.trial import are_trainings_of_one

    others = [
        f"{other.id} ({short_number(other.value(results.objective))})"
        for other in results.state.trials.values()
        if other.id != trial.id and are_trainings_of_one(other, trial)
    ]
    return [("also trained as", ", ".join(others))] if others else []
