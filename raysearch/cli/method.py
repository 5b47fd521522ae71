"""How does `check` say what method an experiment asks for, and within which limits?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raysearch.experiment import Component, Experiment


def rungs(scheduler: Component, *, max_epochs: int) -> tuple[int, ...]:
    """Return the epochs at which a scheduler with rungs compares trials; none for others."""
    from raysearch.schedulers.rungs import rung_levels

    settings = scheduler.settings
    if not {"min_epochs", "reduction_factor"} <= settings.keys():
        return ()
    return rung_levels(
        min_epochs=settings["min_epochs"],
        max_epochs=max_epochs,
        reduction_factor=settings["reduction_factor"],
    )


def searcher_text(experiment: Experiment) -> str:
    """Return the searcher with its settings; of a grid, how many configurations it has."""
    from raysearch.counting import counted

    text, trials = _component(experiment.searcher), experiment.budget.trials
    if experiment.searcher.name != "grid":
        return text
    from raysearch.searchers.grid import MOST_COUNTED, count

    resolution = experiment.searcher.settings["resolution"]
    n = count(experiment.space, resolution=resolution)
    size = counted(n, "configuration") if n < MOST_COUNTED else f"more than {n:,} configurations"
    cut = f", of which the budget allows {trials:,}" if trials is not None and trials < n else ""
    return f"{text}: {size}{cut}"


def _component(component: Component) -> str:
    settings = ", ".join(f"{key} {value}" for key, value in component.settings.items())
    return f"{component.name} ({settings})" if settings else component.name


def scheduler_text(experiment: Experiment) -> str:
    """Return the scheduler with its settings, and when it compares trials."""
    levels = rungs(experiment.scheduler, max_epochs=experiment.fidelity.epochs)
    text = _component(experiment.scheduler)
    if not levels:
        return text
    listed = ", ".join(str(level) for level in levels)
    return f"{text}; compares trials after {experiment.fidelity.unit}s {listed}"


def budget_text(experiment: Experiment) -> str:
    """Return what ends the search."""
    from raysearch.counting import counted
    from raysearch.live.text import duration, short_number

    budget, fidelity = experiment.budget, experiment.fidelity
    parts = [counted(budget.trials, "trial")] if budget.trials else []
    if budget.minutes:
        parts.append(duration(budget.minutes * 60))
    if budget.epochs:
        parts.append(f"{budget.epochs:,} {fidelity.unit}s")
    if budget.gpu_hours:
        parts.append(f"{short_number(budget.gpu_hours)} GPU hours")
    if budget.target is not None:
        parts.append(f"a value of {short_number(budget.target)}")
    if budget.patience:
        parts.append(f"{counted(budget.patience, 'trial')} without a new best one")
    most = (budget.trials or 0) * fidelity.epochs * experiment.n_folds
    at_most = f", at most {most:,} {fidelity.unit}s" if most else ""
    return " or ".join(parts) + at_most


def trial_text(experiment: Experiment) -> str:
    """Return what one trial is given, and how many run at once."""
    from raysearch.counting import counted
    from raysearch.live.text import short_number

    resources, parallel, fidelity = experiment.resources, experiment.parallel, experiment.fidelity
    kind = f" ({resources.accelerator_type})" if resources.accelerator_type else ""
    gpus = f" and {short_number(resources.gpus)} GPU{kind}" if resources.gpus else ""
    given = f"{short_number(resources.cpus)} CPU{gpus}"
    if 0 < resources.gpus < 1:
        given += f" with {resources.gpus:.0%} of its memory"
    if resources.workers > 1:
        given = f"{resources.workers} workers of {given}, which share each batch"
    at_once = "as many at once as fit" if parallel is None else f"{parallel} at once"
    length = counted(fidelity.epochs, fidelity.unit)
    if fidelity.every_steps is not None:
        length += f" of {counted(fidelity.every_steps, 'step')}"
    if experiment.n_folds > 1:
        length += f" on each of {experiment.n_folds} folds of the data"
    return f"up to {length}, {given}; {at_once}"
