"""What would an experiment file do? All that can be known before a worker starts."""

from __future__ import annotations

import importlib
import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from raysearch.cli.command import Command, add_experiment, add_json, add_overrides, given_address
from raysearch.cli.method import budget_text, rungs, scheduler_text, searcher_text, trial_text

if TYPE_CHECKING:
    from raysearch.experiment import Experiment
    from raysearch.preflight import Verdict
    from raysearch.results.evidence import EarlierRun
    from raysearch.space import Parameter, Space

SCHEMA_VERSION = 1


def _add_arguments(parser: ArgumentParser) -> None:
    add_experiment(parser)
    add_overrides(parser)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="look at the file alone: train no batch, import no torch",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        type=given_address,
        help="a running Ray cluster, auto, or its job server, http://HOST:8265: also look at that",
    )
    add_json(parser)


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.screen import print_json
    from raysearch.experiment import load
    from raysearch.preflight.variables import refuse_wrong_variables

    source = arguments.experiment
    experiment = load(source, overrides=arguments.overrides)
    refuse_wrong_variables()
    if arguments.address and "://" in arguments.address:
        from raysearch.cli.capacity import check_elsewhere

        return check_elsewhere(arguments)
    evidence = _evidence(experiment)
    if not arguments.json:
        _print(experiment, source=source, evidence=evidence)
    given: dict[str, Any] = {"source": source, "overrides": arguments.overrides}
    verdict, outlook = None, None
    if arguments.address:
        from raysearch.cli.capacity import judged_there

        verdict, outlook = judged_there(
            experiment, address=arguments.address, is_quick=arguments.quick, **given
        )
    elif not arguments.quick:
        from raysearch.cli.verdict import judged

        verdict = judged(experiment, **given)
    if arguments.json:
        document = to_document(experiment, source=source, evidence=evidence, verdict=verdict)
        print_json({**document, "cluster": None if outlook is None else outlook.to_json()})
        return 0
    if verdict is not None:
        from raysearch.cli.verdict import print_verdict

        print_verdict(verdict, experiment=experiment)
    if outlook is not None:
        from raysearch.cli.capacity import print_outlook

        print_outlook(outlook, experiment=experiment)
    at = f" --address {arguments.address}" if arguments.address else ""
    print(f"\nTo run it: python -m raysearch run {shlex.quote(source)}{at}")
    return 0


CHECK = Command(
    name="check",
    help="see what an experiment file asks for, and what is wrong with it",
    description="Read an experiment file, and show its search space and method. Then build the "
    "default configuration and those at the ends of the space, train each for a few batches in "
    "this process, and show their sizes and what the search is likely to take. Every fault is "
    "reported at once, with exit status 2. No search is started, and nothing kept. With --address "
    "that is done on a cluster; how many trials it has room for, and what would be idle, is told.",
    example="check experiments/digits.yaml budget.trials=8",
    add_arguments=_add_arguments,
    execute=_execute,
)


def to_document(
    experiment: Experiment,
    *,
    source: str,
    evidence: Sequence[EarlierRun] = (),
    verdict: Verdict | None = None,
) -> dict[str, Any]:
    """Return what `check --json` prints; plain values.

    Args:
        experiment: What was read.
        source: The file.
        evidence: What the earlier runs that it names have to say.
        verdict: What trying some configurations has told; None if that was left out.
    """
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
        "advice": advice_on_data(experiment),
        "evidence": [run.to_json() for run in evidence],
        "configurations": space.grid_size(),
        "rungs": list(rungs(experiment.scheduler, max_epochs=experiment.fidelity.epochs)),
        "preflight": None if verdict is None else verdict.to_json(),
    }


def left_recommendations(experiment: Experiment) -> dict[str, str]:
    """Return what each range leaves of the recommendation of its family or data, by label."""
    from raysearch.experiment import from_settings

    if not experiment.settings["space"] or any(choice.is_own for choice in experiment.models):
        return {}  # nobody recommends anything for a class of one's own
    settings = {**experiment.settings, "space": {}}
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


def _evidence(experiment: Experiment) -> Sequence[EarlierRun]:
    if not experiment.evidence:
        return ()
    from raysearch.results.evidence import earlier_runs

    return earlier_runs(experiment)


def _print(experiment: Experiment, *, source: str, evidence: Sequence[EarlierRun]) -> None:
    from raysearch.cli.screen import print_facts, print_table
    from raysearch.live.text import value_text

    print(f"{source}: no fault found in stage 1\n")
    print_facts([*_facts(experiment), *[("evidence", run.text) for run in evidence]])
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
    from raysearch.cli.aims import aim_facts
    from raysearch.cli.descent import changing_facts
    from raysearch.counting import counted

    space = experiment.space
    size = space.grid_size()
    number = "infinitely many" if size is None else f"{size:,}"
    linked = [f"{target} = {source}" for target, source in experiment.links.items()]
    points = [counted(len(experiment.points), "configuration")] if experiment.points else []
    return [
        ("data", _data(experiment)),
        *[("", text) for text in advice_on_data(experiment)],
        ("model", ", ".join(choice.name for choice in experiment.models)),
        *aim_facts(experiment),
        ("space", f"{counted(len(space), 'parameter')}, {number} configurations"),
        *[("linked", text) for text in linked],
        *[("points", f"{text} tried first, after the default") for text in points],
        ("searcher", searcher_text(experiment)),
        ("scheduler", scheduler_text(experiment)),
        *changing_facts(experiment),
        ("budget", budget_text(experiment)),
        ("one trial", trial_text(experiment)),
        ("seed", str(experiment.seed)),
    ]


def _data(experiment: Experiment) -> str:
    from raysearch.counting import counted

    data, spec = experiment.data, experiment.data_spec
    if data is None:
        return "none: the function brings its own"
    if spec is None:
        return data.name
    shape = " x ".join(str(n) for n in spec.input_shape)
    numbers = "number" if spec.n_inputs == 1 else "numbers"
    examples = f"{counted(spec.n_train, 'example')} of {shape} {numbers} to train on"
    outputs = "levels" if spec.task == "density" else "outputs"
    return f"{data.name}: {spec.task}, {examples}, {spec.n_outputs} {outputs}"


def advice_on_data(experiment: Experiment) -> list[str]:
    """Return what a person should know about how built-in data were understood."""
    from raysearch.data import DATA

    data = experiment.data
    if data is None or data.is_own:
        return []
    advise = getattr(importlib.import_module(f"{DATA[data.name]}.space"), "advice", None)
    return [] if advise is None else list(advise(**data.arguments))
