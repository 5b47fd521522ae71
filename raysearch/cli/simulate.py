"""How would a search go on machines that are not there?"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any

from raysearch.cli.command import (
    Command,
    add_experiment,
    add_json,
    add_overrides,
    add_storage,
    amount,
    given,
    positive,
)

if TYPE_CHECKING:
    from raysearch.experiment import Experiment
    from raysearch.preflight.cost import Range
    from raysearch.preflight.forecast import Forecast

SCHEMA_VERSION = 1


def _add_arguments(parser: ArgumentParser) -> None:
    add_experiment(parser)
    add_overrides(parser)
    parser.add_argument("--nodes", metavar="N", type=positive, default=1, help="machines (1)")
    parser.add_argument("--gpus", metavar="N", type=amount, default=0.0, help="of each (0)")
    parser.add_argument("--cpus", metavar="N", type=amount, help="of each (8 for each GPU, or 8)")
    parser.add_argument(
        "--epoch-seconds",
        metavar="S",
        type=_span,
        help="how long an epoch takes: a number, or LOW-HIGH for the quickest and the slowest "
        "configuration; else some are tried on this machine, as `check` does",
    )
    parser.add_argument(
        "--like",
        metavar="RUN",
        type=given,
        help="an earlier run of the same space, whose epochs and learning curves are taken",
    )
    parser.add_argument(
        "--start-seconds",
        metavar="S",
        type=amount,
        default=0.0,
        help="from the start of a trial to that of its first epoch (0)",
    )
    parser.add_argument(
        "--hours-to-loss",
        metavar="H",
        type=_above_0,
        help="for which a node stays on average, as spot instances do; else they all stay",
    )
    parser.add_argument(
        "--minutes-to-return",
        metavar="M",
        type=amount,
        default=5.0,
        help="until another one is there (5)",
    )
    parser.add_argument(
        "--decision-ms",
        metavar="MS",
        type=amount,
        default=2.0,
        help="for which the driver is busy with each measurement and each start (2)",
    )
    parser.add_argument("--price", metavar="P", type=amount, help="of a node for an hour")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of what is made up (0)")
    add_storage(parser)
    add_json(parser)


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run
    from raysearch.cli.screen import note, print_facts, print_json
    from raysearch.errors import ConfigurationError
    from raysearch.experiment import load
    from raysearch.preflight.forecast import Fleet, forecast
    from raysearch.simulation import Conditions

    experiment = load(arguments.experiment, overrides=arguments.overrides)
    cpus = arguments.cpus if arguments.cpus is not None else 8 * max(1.0, arguments.gpus)
    fleet = Fleet(nodes=arguments.nodes, cpus=cpus, gpus=arguments.gpus, price=arguments.price)
    fleet.workers_per_node(experiment.resources)
    record = find_run(arguments.like, storage=arguments.storage) if arguments.like else None
    epoch_s = arguments.epoch_seconds
    if record is not None and epoch_s is not None:
        raise ConfigurationError(
            "--like and --epoch-seconds both say how long an epoch takes. Give one of them."
        )
    if epoch_s is None and record is None:
        epoch_s = _tried(experiment)
    hours = arguments.hours_to_loss
    note("simulating")
    found = forecast(
        experiment,
        fleet=fleet,
        epoch_s=epoch_s,
        record=record,
        conditions=Conditions(
            start_seconds=arguments.start_seconds,
            mean_seconds_to_node_loss=None if hours is None else hours * 3600,
            node_returns_seconds=arguments.minutes_to_return * 60,
            decision_seconds=arguments.decision_ms / 1000,
            seed=arguments.seed,
        ),
        seed=arguments.seed,
    )
    if arguments.json:
        print_json(to_document(found))
    else:
        like = arguments.like or "made up"
        print_facts(_facts(found, experiment=experiment, like=like, epoch_s=epoch_s))
    return 0


SIMULATE = Command(
    name="simulate",
    help="see how a search would go on machines that are not there",
    description="Run the search of an experiment in simulated time, with its own searcher, "
    "scheduler and budgets, on as many machines as you like and on learning curves that are made "
    "up, or those of an earlier run; and show how long it would take, what it would cost, how busy "
    "the machines would be, and what the driver would have to do. Nothing is trained or kept. "
    "Times and costs can be relied upon as far as epochs take what is said of them; which "
    "configuration wins cannot.",
    example="simulate experiments/digits.yaml budget.trials=2000 resources.gpus=1 --nodes 10 "
    "--gpus 8 --epoch-seconds 20-90",
    add_arguments=_add_arguments,
    execute=_execute,
)


def _tried(experiment: Experiment) -> Range:
    """Return how long an epoch takes here, of the quickest and of the slowest that were tried."""
    from raysearch.cli.screen import note
    from raysearch.errors import ConfigurationError
    from raysearch.preflight import preflight
    from raysearch.preflight.cost import epoch_seconds

    verdict = preflight(experiment, say=note)
    verdict.raise_faults()
    found = [epoch_seconds(experiment, tried.probe) for tried in verdict.tried]
    known = [seconds for seconds in found if seconds is not None]
    if not known:
        raise ConfigurationError(
            "how long an epoch takes cannot be told here. Say it: --epoch-seconds, or --like RUN."
        )
    return min(known), max(known)


def _facts(
    found: Forecast, *, experiment: Experiment, like: str, epoch_s: Range | None
) -> list[tuple[str, str]]:
    from raysearch.counting import counted
    from raysearch.live.text import duration, short_number

    fleet, state = found.fleet, found.simulation.state
    usage, driver = found.simulation.usage, found.simulation.driver
    each = f"{short_number(fleet.cpus)} CPUs and {short_number(fleet.gpus)} GPUs"
    curves = like if epoch_s is None else f"{like}, epochs of {_epochs(epoch_s)}"
    unit = experiment.fidelity.unit
    facts = [
        ("machines", f"{counted(fleet.nodes, 'node')} of {each}"),
        ("at once", f"{counted(found.n_trials, 'trial')}"),
        ("curves", curves),
        ("search", f"{counted(len(state.trials), 'trial')}, {counted(state.epochs, unit)}"),
        *_folds(experiment),
        ("ends", state.reason),
        ("takes", duration(state.seconds)),
        (
            "busy",
            f"{usage.busy_share:.1%} of the workers' time until the last trial is begun, after "
            f"{duration(usage.untried_until)}; the rest, {duration(usage.drain_seconds)}, is the "
            "drain",
        ),
    ]
    if found.gpus_per_trial:
        facts.append(("GPU hours", f"{found.gpu_hours:,.1f} in trials"))
    node_hours = f"{found.node_hours:,.1f}"
    if fleet.price is not None:
        node_hours += f", which cost {fleet.price * found.node_hours:,.2f}"
    facts.append(("node hours", node_hours))
    if usage.n_lost:
        share = 1 - usage.training_seconds / usage.busy_seconds
        facts.append(
            (
                "lost",
                f"{counted(usage.n_lost, 'attempt')} with a node; {share:.1%} of what trials had "
                "went into starts and epochs that had to be repeated",
            )
        )
    rate = driver.n_messages / state.seconds if state.seconds else 0.0
    waited = driver.waited_seconds / max(1, driver.n_messages)
    facts.append(
        (
            "driver",
            f"{short_number(rate)} decisions and suggestions a second, for which workers wait "
            f"{1e3 * waited:.1f} ms each; the engine took {driver.decision_ms[0]:.2f} ms for a "
            f"decision and {driver.suggestion_ms[0]:.2f} ms for a suggestion here (medians), "
            f"{found.driver_share:.1%} of a core",
        )
    )
    return facts


def _folds(experiment: Experiment) -> list[tuple[str, str]]:
    """Return what a simulation leaves out of trials that are trained on several folds."""
    if experiment.n_folds == 1:
        return []
    return [
        (
            "folds",
            f"{experiment.n_folds} of each trial, all alike here, so that none is stopped before "
            "its last one: a search that stops some takes less",
        )
    ]


def _epochs(epoch_s: Range) -> str:
    from raysearch.live.text import short_number

    low, high = (short_number(seconds) for seconds in epoch_s)
    return f"{low} s" if low == high else f"{low} to {high} s"


def to_document(found: Forecast) -> dict[str, Any]:
    """Return what `simulate --json` prints; plain values, times in seconds."""
    state, driver = found.simulation.state, found.simulation.driver
    usage, fleet = found.simulation.usage, found.fleet
    return {
        "schema_version": SCHEMA_VERSION,
        "nodes": fleet.nodes,
        "trials_at_once": found.n_trials,
        "trials": len(state.trials),
        "epochs": state.epochs,
        "reason": state.reason,
        "seconds": state.seconds,
        "untried_until": usage.untried_until,
        "busy_share": usage.busy_share,
        "drain_seconds": usage.drain_seconds,
        "busy_seconds": usage.busy_seconds,
        "training_seconds": usage.training_seconds,
        "attempts": usage.n_attempts,
        "lost": usage.n_lost,
        "gpu_hours": found.gpu_hours,
        "node_hours": found.node_hours,
        "cost": None if fleet.price is None else fleet.price * found.node_hours,
        "driver": {
            "messages": driver.n_messages,
            "waited_seconds": driver.waited_seconds,
            "decision_ms": list(driver.decision_ms),
            "suggestion_ms": list(driver.suggestion_ms),
            "share": found.driver_share,
        },
    }


def _above_0(text: str) -> float:
    """Return a number above 0, for `type=`."""
    number = amount(text)
    if not number:
        raise ArgumentTypeError(f"{text} is not a number above 0")
    return number


def _span(text: str) -> tuple[float, float]:
    """Return two numbers above 0, the lower one first, for `type=`."""
    low, _, high = text.partition("-")
    found = amount(low), amount(high or low)
    if not 0 < found[0] <= found[1]:
        raise ArgumentTypeError(f"{text} is not a number above 0, or LOW-HIGH")
    return found
