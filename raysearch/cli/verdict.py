"""How does `check` try an experiment, and show what that told?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace

from raysearch.cli.screen import note, print_facts, print_table
from raysearch.counting import counted
from raysearch.engine.fold_rule import FEWEST
from raysearch.errors import ConfigurationError
from raysearch.experiment import Experiment, Refit
from raysearch.experiment.document import Document
from raysearch.experiment.overrides import apply_overrides
from raysearch.experiment.reading import NOTHING_STARTED, read
from raysearch.experiment.repeats import Repeats
from raysearch.experiment.select import Select
from raysearch.live.text import NOTHING, duration, file_size
from raysearch.preflight import Cost, Finding, Probe, RunProbe, Tried, Verdict, preflight
from raysearch.preflight.corners import DEFAULT, HIGHEST, LOWEST
from raysearch.preflight.cost import Range, epoch_seconds
from raysearch.preflight.limits import limit_findings
from raysearch.results.executor import LocalExecutor
from raysearch.training.job import TrainingJob
from raysearch.trial import Loop

MOST_LISTED = 6
"""Configurations that were not tried and are named."""


def judged(
    experiment: Experiment,
    *,
    source: str,
    overrides: Sequence[str],
    run_probe: RunProbe | None = None,
    model_cost: Callable[[TrainingJob], Mapping[str, float]] | None = None,
) -> Verdict:
    """Return the verdict on an experiment, each finding with its place in the file.

    What user code prints goes to standard error.

    Args:
        experiment: What was read.
        source: The file.
        overrides: The settings of the command line.
        run_probe: Tries one configuration; in this process by default.
        model_cost: Measures one's model; in this process by default.

    Raises:
        ConfigurationError: It has faults.
    """
    if sys.stderr.isatty():
        note("stage 2: trying configurations, for 20 seconds at most")
    with redirect_stdout(sys.stderr):
        verdict = preflight(experiment, run_probe=run_probe)
        if not verdict.faults:
            measure = model_cost or LocalExecutor().model_cost
            limits = limit_findings(experiment, model_cost=measure)
            verdict = replace(verdict, findings=(*verdict.findings, *limits))
    document = apply_overrides(read(source), overrides)
    findings = tuple(_placed(finding, document=document) for finding in verdict.findings)
    verdict = replace(verdict, findings=findings)
    if verdict.faults:
        texts = [fault.text for fault in verdict.faults]
        raise ConfigurationError([*texts[:-1], f"{texts[-1]}\n{NOTHING_STARTED}"])
    return verdict


def _placed(finding: Finding, *, document: Document) -> Finding:
    place = document.place(document.nearest(finding.path))
    return replace(finding, text=f"{place.text}: {finding.text}")


def print_verdict(verdict: Verdict, *, experiment: Experiment) -> None:
    """Print sizes, times, cost and warnings."""
    n_tried, n_all = len(verdict.tried), len(verdict.tried) + len(verdict.not_tried)
    extent = f"{n_tried} of " if n_all > n_tried else ""
    extent += counted(n_all, "configuration")
    print(f"\nno fault found in stage 2; {extent} tried in {duration(verdict.seconds)}\n")
    shown = [tried for tried in verdict.tried if _is_shown(tried)]
    unit = experiment.fidelity.unit
    print_table(
        [_row(tried, experiment=experiment) for tried in shown],
        header=["configuration", "parameters", "checkpoint", f"one {unit}"],
        numbers=["parameters", "checkpoint", f"one {unit}"],
        flexible=["configuration"],
    )
    print()
    print_facts(list(_facts(verdict, experiment=experiment)))
    if verdict.warnings:
        print()
        print_facts([("warning", finding.text) for finding in verdict.warnings])


def _is_shown(tried: Tried) -> bool:
    is_corner = tried.corner.name in (DEFAULT, HIGHEST, LOWEST)
    return (is_corner or tried.probe.failure is not None) and not tried.probe.is_function


def _row(tried: Tried, *, experiment: Experiment) -> list[str]:
    probe = tried.probe
    if probe.failure is not None:
        return [tried.corner.label, "fails", NOTHING, NOTHING]
    seconds, size = epoch_seconds(experiment, probe), probe.checkpoint_bytes
    return [
        tried.corner.label,
        NOTHING if probe.parameters is None else f"{probe.parameters:,}",
        NOTHING if size is None else file_size(size),
        NOTHING if seconds is None else _seconds(seconds),
    ]


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms" if seconds < 0.995 else duration(seconds)


def _facts(verdict: Verdict, *, experiment: Experiment) -> Iterator[tuple[str, str]]:
    default, cost = verdict.tried[0].probe, verdict.cost
    if default.is_function:
        yield "model", f"{default.module} trains by itself, so nothing of it was run"
    else:
        yield from _facts_of_default(default, refit=experiment.refit)
        yield from _loops(verdict, loop=experiment.loop)
    if experiment.repeats is not None:
        yield "folds", _folds(experiment.repeats)
    if experiment.select is not None:
        yield "leaders", _leaders(experiment.select)
    if cost is not None:
        yield "search", duration_text(cost, unit=experiment.fidelity.unit)
        yield "disk", _disk(cost, budget_gb=experiment.checkpoint.budget_gb)
    if verdict.not_tried:
        labels = [corner.label for corner in verdict.not_tried]
        more = f" and {len(labels) - MOST_LISTED} more" if len(labels) > MOST_LISTED else ""
        yield "not tried", f"{', '.join(labels[:MOST_LISTED])}{more}, for lack of time"


def _folds(repeats: Repeats) -> str:
    stops = (
        f"one that is clearly worse than the best is stopped before (risk {repeats.risk:g})"
        if repeats.risk and repeats.folds > FEWEST
        else "none is stopped before"
    )
    return (
        f"a trial that the scheduler lets reach the end of its first fold is trained on "
        f"{repeats.folds}, one after the other, which takes {repeats.folds} times as long; {stops}"
    )


def _leaders(select: Select) -> str:
    trainings = counted(select.n_trainings, "training")
    seeds = counted(select.seeds, "further seed")
    return f"the best {select.top} trained again with {seeds} each: {trainings} after the search"


def _loops(verdict: Verdict, *, loop: Loop) -> Iterator[tuple[str, str]]:
    """Yield which loop serves; where it depends on the model, for each."""
    probes = [tried.probe for tried in verdict.tried if tried.probe.train_batch_s is not None]
    found = {probe.module: _loop(probe, loop=loop) for probe in probes}
    is_same = len(set(found.values())) == 1
    shown = [next(iter(found.values()))] if is_same else [": ".join(e) for e in found.items()]
    for number, text in enumerate(shown):
        yield "" if number else "loop", text


def _loop(probe: Probe, *, loop: Loop) -> str:
    if loop == "trainer":
        return "Lightning's, as it is wanted"
    if not probe.not_lean:
        return "lean: it does what Lightning's would do, in less time"
    return f"Lightning's: {'; '.join(probe.not_lean)}"


def _facts_of_default(probe: Probe, *, refit: Refit | None) -> Iterator[tuple[str, str]]:
    of_all = probe.parameters or 0
    if probe.trainable is not None and probe.trainable < of_all:
        yield "trainable", f"{probe.trainable:,} of {of_all:,} parameters of the default"
    yield "one batch", ", ".join(probe.batch)
    lengths = probe.train_batches, probe.validation_batches
    training, validation = ("unknown" if n is None else f"{n:,}" for n in lengths)
    yield "batches", f"{training} of training in an epoch, {validation} of validation"
    validated = probe.validated or ()
    trained = [name for name in probe.logged if name not in validated]
    yield "logged", f"in training {', '.join(trained) or 'nothing'}"
    yield "", f"in validation {', '.join(validated) or 'nothing'}"
    yield "test", f"not possible: {probe.no_test}" if probe.no_test else "possible"
    yield "refit", _refit(probe, refit=refit)


def _refit(probe: Probe, *, refit: Refit | None) -> str:
    if refit is None:
        return "not wanted: the best checkpoint is the winner"
    if probe.no_refit:
        alone = ", so there will be one model" if refit.seeds > 1 else ""
        return f"not possible: {probe.no_refit}{alone}"
    return f"possible, with {refit.seeds} seeds" if refit.seeds > 1 else "possible"


def duration_text(cost: Cost, *, unit: str) -> str:
    """Return how long a search is likely to take, and how many trials it trains at once."""
    at_once = f"{counted(cost.slots, 'trial')} at once"
    if cost.seconds is None:
        return f"with {at_once}; how long it takes cannot be told"
    if cost.epochs is None:
        return f"{between(cost.seconds, duration)}, with {at_once}"
    epochs = between(cost.epochs, lambda number: f"{number:.0f}")
    return f"likely {between(cost.seconds, duration)} for {epochs} {unit}s, with {at_once}"


def _disk(cost: Cost, *, budget_gb: float) -> str:
    logs = "" if cost.log_bytes is None else f", and {file_size(cost.log_bytes[1])} of records"
    if cost.checkpoint_bytes is None:
        return f"up to {budget_gb:g} GB of checkpoints{logs}"
    return f"likely {between(cost.checkpoint_bytes, file_size)} of checkpoints{logs}"


def between(ends: Range, write: Callable[[float], str]) -> str:
    """Return a range in words: of both ends, or of one where they read alike."""
    low, high = (write(end) for end in ends)
    return low if low == high else f"{low} to {high}"
