"""How does `check --address` look at a cluster, and show what a search would be there?"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raysearch.experiment import Experiment
    from raysearch.preflight import Verdict
    from raysearch.tuning.outlook import Outlook


def judged_there(
    experiment: Experiment,
    *,
    address: str,
    source: str,
    overrides: Sequence[str],
    is_quick: bool,
) -> tuple[Verdict | None, Outlook]:
    """Return the verdict on an experiment, and the outlook for it on a cluster.

    Configurations are tried in a worker there, with the resources of a trial; in this process
    where no trial fits before the cluster has grown.

    Args:
        experiment: What was read.
        address: "auto" or "HOST:PORT".
        source: The file.
        overrides: The settings of the command line.
        is_quick: Whether to try no configuration.

    Raises:
        ConfigurationError: The experiment or the cluster has faults.
    """
    from raysearch.cli.verdict import judged
    from raysearch.training.jobs import job_for
    from raysearch.training.preloading import own_modules
    from raysearch.trial import Trial, trial_id
    from raysearch.tuning.capacity import capacity
    from raysearch.tuning.cluster import connect
    from raysearch.tuning.executor import executor
    from raysearch.tuning.nodes import check_nodes
    from raysearch.tuning.outlook import outlook

    resources, verdict = experiment.resources, None
    with connect(address, resources=resources, slots=experiment.parallel) as cluster:
        check_nodes(modules=own_modules(experiment), run_dir=None)
        has = capacity()
        if not is_quick:
            trial = Trial(id=trial_id(0), number=0, configuration=experiment.space.default())
            example = job_for(experiment, trial, run_dir=cluster.scratch)
            there = executor(resources, example=example, objects={}, template=None)
            given: dict[str, Any] = {"source": source, "overrides": overrides}
            if has.slots(resources):
                given |= {"run_probe": there.probe, "model_cost": there.model_cost}
            try:
                verdict = judged(experiment, **given)
            finally:
                there.release()
    probes = [] if verdict is None else [tried.probe for tried in verdict.tried]
    return verdict, outlook(experiment, has, probes=probes)


def print_outlook(outlook: Outlook, *, experiment: Experiment) -> None:
    """Print what a cluster has, how many trials run at once, what is idle, and for how long."""
    from raysearch.cli.screen import print_facts
    from raysearch.cli.verdict import between, duration_text
    from raysearch.live.text import short_number
    from raysearch.tuning.outlook import at_once_text, idle_text

    facts = [
        ("cluster", outlook.cluster),
        ("at once", at_once_text(outlook)),
        ("idle", idle_text(outlook)),
    ]
    if outlook.cost is not None:
        facts.append(("there", duration_text(outlook.cost, unit=experiment.fidelity.unit)))
    if outlook.gpu_hours is not None:
        facts.append(("GPU hours", f"likely {between(outlook.gpu_hours, short_number)}"))
    print()
    print_facts(facts)


def check_elsewhere(arguments: Namespace) -> int:
    """Send the check to a job server, as `submit` sends a search; return its exit status."""
    from raysearch.cli.submit import send, sent_along

    words = ["check", sent_along(arguments.experiment), *arguments.overrides, "--address", "auto"]
    words += [f"--{name}" for name in ("quick", "json") if getattr(arguments, name)]
    return send(words, address=arguments.address, run=None, exclude=(), follow=True)
