"""What would an experiment file do? All that can be known before a worker starts."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from raysearch.cli.command import Command, add_experiment, add_json, add_overrides

if TYPE_CHECKING:
    from raysearch.experiment import Component, Experiment
    from raysearch.space import Parameter, Space

SCHEMA_VERSION = 1


def _add_arguments(parser: ArgumentParser) -> None:
    add_experiment(parser)
    add_overrides(parser)
    add_json(parser)


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.screen import print_json
    from raysearch.experiment import load

    experiment = load(arguments.experiment, overrides=arguments.overrides)
    if arguments.json:
        print_json(to_document(experiment, source=arguments.experiment))
    else:
        _print(experiment, source=arguments.experiment)
    return 0


CHECK = Command(
    name="check",
    help="see what an experiment file asks for, and what is wrong with it",
    description="Read an experiment file, and show its search space, method and cost. Every fault "
    "is reported at once. Nothing is started and nothing written.",
    example="check experiments/digits.yaml budget.trials=8",
    add_arguments=_add_arguments,
    execute=_execute,
)


def to_document(experiment: Experiment, *, source: str) -> dict[str, Any]:
    """Return what `check --json` prints; plain values."""
    space, advice = experiment.space, left_recommendations(experiment)
    return {
        "schema_version": SCHEMA_VERSION,
        "experiment": source,
        "name": experiment.name,
        "settings": dict(experiment.settings),
        "parameters": [
            {
                "key": parameter.key,
                "range": parameter.domain.describe(),
                "default": parameter.domain.default_value(),
                "when": {key: list(values) for key, values in parameter.when},
                "advice": advice.get(parameter.label),
            }
            for parameter in space
        ],
        "configurations": space.grid_size(),
        "rungs": list(rungs(experiment.scheduler, max_epochs=experiment.fidelity.max_epochs)),
    }


def left_recommendations(experiment: Experiment) -> dict[str, str]:
    """Return what each range leaves of the recommendation of its family or data, by label."""
    from raysearch.experiment import from_settings

    settings = {**experiment.settings, "space": {}}
    if not experiment.settings["space"]:
        return {}
    recommended = from_settings(settings).space
    found = {p.label: _left(p, recommended=recommended) for p in experiment.space}
    return {label: text for label, text in found.items() if text}


def _left(parameter: Parameter, *, recommended: Space) -> str:
    if parameter.key not in recommended:
        return "searched on your word: the recommended space leaves it out"
    others = recommended[parameter.key]
    if any(other.domain.covers(parameter.domain) for other in others):
        return ""
    ranges = " or ".join(dict.fromkeys(other.domain.describe() for other in others))
    return f"has values outside the recommended {ranges}"


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


def _print(experiment: Experiment, *, source: str) -> None:
    from raysearch.cli.screen import print_facts, print_table
    from raysearch.live.text import value_text

    print(f"{source}: no fault found\n")
    print_facts(_facts(experiment))
    print()
    print_table(
        [
            [p.key, p.domain.describe(), value_text(p.domain.default_value()), _needs(p)]
            for p in experiment.space
        ],
        header=["parameter", "range", "default", "active when"],
        flexible=["range", "active when"],
    )
    advice = left_recommendations(experiment)
    if advice:
        print()
        print_facts([(label, text) for label, text in advice.items()])
    print(f"\nTo run it: python -m raysearch run {shlex.quote(source)}")


def _needs(parameter: Parameter) -> str:
    """Return when a parameter is active, without the family that its key names anyway."""
    from raysearch.live.text import value_text

    family = parameter.key.partition(".")[0]
    return ", ".join(
        f"{key} = {' or '.join(value_text(value) for value in values)}"
        for key, values in parameter.when
        if values != (family,)
    )


def _facts(experiment: Experiment) -> list[tuple[str, str]]:
    from raysearch.live.text import counted

    space, spec = experiment.space, experiment.data_spec
    shape = " x ".join(str(n) for n in spec.input_shape)
    size = space.grid_size()
    number = "infinitely many" if size is None else f"{size:,}"
    return [
        (
            "data",
            f"{experiment.data.name}: {spec.task}, {counted(spec.n_train, 'example')} of {shape} "
            f"to train on, {spec.n_outputs} outputs",
        ),
        ("model", ", ".join(choice.name for choice in experiment.models)),
        ("objective", f"{experiment.objective.direction} {experiment.objective.metric}"),
        ("space", f"{counted(len(space), 'parameter')}, {number} configurations"),
        ("searcher", _component(experiment.searcher)),
        ("scheduler", _scheduler(experiment)),
        ("budget", _budget(experiment)),
        ("one trial", _trial(experiment)),
        ("seed", str(experiment.seed)),
    ]


def _component(component: Component) -> str:
    settings = ", ".join(f"{key} {value}" for key, value in component.settings.items())
    return f"{component.name} ({settings})" if settings else component.name


def _scheduler(experiment: Experiment) -> str:
    levels = rungs(experiment.scheduler, max_epochs=experiment.fidelity.max_epochs)
    text = _component(experiment.scheduler)
    if not levels:
        return text
    return f"{text}; compares trials after epochs {', '.join(str(level) for level in levels)}"


def _budget(experiment: Experiment) -> str:
    from raysearch.live.text import counted, duration

    trials, minutes = experiment.budget.trials, experiment.budget.minutes
    parts = [counted(trials, "trial")] if trials else []
    if minutes:
        parts.append(duration(minutes * 60))
    at_most = f", at most {trials * experiment.fidelity.max_epochs:,} epochs" if trials else ""
    return " or ".join(parts) + at_most


def _trial(experiment: Experiment) -> str:
    from raysearch.live.text import counted, short_number

    resources, parallel = experiment.resources, experiment.parallel
    gpus = f" and {short_number(resources.gpus)} GPU" if resources.gpus else ""
    at_once = "as many at once as fit" if parallel is None else f"{parallel} at once"
    epochs = counted(experiment.fidelity.max_epochs, "epoch")
    return f"up to {epochs}, {short_number(resources.cpus)} CPU{gpus}; {at_once}"
