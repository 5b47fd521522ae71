"""Does what a trial is given go together with how it is trained?

Several processes for a trial, GPUs, and batches that are halved where memory runs out say something
about other sections, which are looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.experiment.datasets import DataSet
from raysearch.experiment.means import HALVE_BATCH, Resources
from raysearch.experiment.report import Report
from raysearch.experiment.trainer import TrainerSection
from raysearch.space import Space

BATCH_SIZE = "data.batch_size"

MOST_LOOKED_AT = 4096
"""Values of a range of batch sizes that are looked at; of a larger one the first of them."""

SHARDED = ("fsdp", "fsdp_cpu_offload", "deepspeed")
"""What the names begin with of strategies that keep a part of the weights on each GPU."""

_LAUNCHES = ("spawn", "fork", "notebook")
"""What is in the names of strategies that start processes themselves."""


def check_together(
    checked: Mapping[str, Any],
    *,
    data: DataSet | None,
    space: Space | None,
    trains_itself: bool,
    report: Report,
) -> None:
    """Report what does not go together.

    Args:
        checked: The checked sections.
        data: The data set; None if there is none, or it is at fault.
        space: The search space, if it is known.
        trains_itself: Whether the model is a function.
        report: Where the faults go.
    """
    resources, failures = checked.get("resources"), checked.get("failures")
    trainer = checked.get("trainer")
    if resources is not None and trainer is not None:
        _check_strategy(trainer, resources=resources, report=report)
    if resources is not None and resources.workers > 1:
        _check_workers(checked, resources.workers, trains_itself=trains_itself, report=report)
        if data is not None and space is not None:
            _check_batches(resources.workers, data=data, space=space, report=report)
    if failures is not None and failures.on_oom == HALVE_BATCH and space is not None:
        is_known = BATCH_SIZE in space or (
            data is not None and type(data.choice.arguments.get("batch_size")) is int
        )
        if not is_known:
            report.add(
                ("failures", "on_oom"),
                f"failures.on_oom is {HALVE_BATCH}, and nothing says what the batch size is. Give "
                f"the data module an argument batch_size, and its value under data.args or a range "
                f"under space as `{BATCH_SIZE}: RANGE`.",
            )


def _check_strategy(trainer: TrainerSection, *, resources: Resources, report: Report) -> None:
    strategy = trainer.strategy
    if not isinstance(strategy, str):
        return
    if strategy.startswith(SHARDED) and not resources.gpus and trainer.accelerator is None:
        report.add(
            ("trainer", "strategy"),
            f"trainer.strategy is {strategy}, which keeps a part of the weights on each GPU, and "
            "resources.gpus is 0. Write resources: {gpus: 1, workers: 4}, or strategy: ddp, which "
            "trains on CPUs too.",
        )
    if resources.workers > 1 and any(word in strategy for word in _LAUNCHES):
        report.add(
            ("trainer", "strategy"),
            f"trainer.strategy is {strategy}, which starts processes of its own. The "
            f"{resources.workers} of resources.workers are there already: write ddp or fsdp, or "
            "leave strategy out.",
        )


def _check_workers(
    checked: Mapping[str, Any], workers: int, *, trains_itself: bool, report: Report
) -> None:
    at = ("resources", "workers")
    if trains_itself:
        report.add(
            at,
            f"resources.workers is {workers}, and the model is a function that trains by itself, "
            "in one process. Leave workers out.",
        )
    if checked.get("loop") == "lean":
        report.add(
            ("loop",),
            f"loop is lean, which serves one process, and resources.workers is {workers}. Leave "
            "loop out.",
        )
    trainer = checked.get("trainer")
    if trainer is not None and trainer.overfit_batches:
        report.add(
            ("trainer", "overfit_batches"),
            "trainer.overfit_batches is for one process: it would let all "
            f"{workers} of resources.workers train on the same batches. Leave one of them out.",
        )


def _check_batches(workers: int, *, data: DataSet, space: Space, report: Report) -> None:
    """Report batch sizes that workers cannot share evenly."""
    sizes = [data.choice.arguments.get("batch_size")]
    found = space[BATCH_SIZE] if BATCH_SIZE in space else ()  # noqa: SIM401  it has no get
    for parameter in found:
        n = parameter.domain.size()
        if n is not None:
            sizes += list(parameter.domain.grid(min(n, MOST_LOOKED_AT)))
    wrong = [size for size in sizes if type(size) is int and size % workers]
    if wrong:
        report.add(
            ("resources", "workers"),
            f"resources.workers is {workers}, and {BATCH_SIZE} may be {wrong[0]}, which "
            f"{workers} workers cannot share evenly: it is the batch size of all of them together. "
            f"Search multiples of {workers}, or take another number of workers.",
        )
