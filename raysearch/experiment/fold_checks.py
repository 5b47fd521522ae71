"""What goes together with folds, and what does not, and why?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.data.fold_faults import fold_fault
from raysearch.experiment.components import SCHEDULER, SEARCHER
from raysearch.experiment.datasets import DataSet
from raysearch.experiment.repeats import Repeats
from raysearch.experiment.report import Report
from raysearch.experiment.values import Component
from raysearch.imports import load_object


def check_repeats(
    checked: Mapping[str, Any],
    *,
    data: DataSet | None,
    trains_itself: bool,
    searcher: Component | None,
    scheduler: Component | None,
    report: Report,
) -> None:
    """Report what does not go together with folds.

    Args:
        checked: The checked sections.
        data: The data set; None if there is none, or it is at fault.
        trains_itself: Whether the model is a function.
        searcher: What suggests; None if it is at fault.
        scheduler: What decides; None if it is at fault.
        report: Where the faults go.
    """
    repeats: Repeats | None = checked.get("repeats")
    if repeats is None:
        return
    begins = f"repeats.folds is {repeats.folds}"
    at = ("repeats", "folds")
    if trains_itself:
        report.add(
            at,
            f"{begins}, and the model is a function, which reads its data itself. Leave repeats "
            "out, and let the function train on its folds and report their mean.",
        )
    elif data is not None and not data.choice.is_own:
        fault = fold_fault(data.choice.name, data.choice.arguments)
        if fault:
            report.add(at, f"{begins}, and {fault}")
    for found, role in ((scheduler, SCHEDULER), (searcher, SEARCHER)):
        if found is not None and _hands_on_weights(found):
            report.add(
                at,
                f"{begins}, and with {role.section} {found.name} trials take over weights of "
                f"others, which were trained on what another fold validates on. "
                f"{_ELSE[role.section]}, or leave repeats out.",
            )
    if checked.get("select") is not None:
        report.add(
            ("select",),
            f"{begins}, and select trains the leaders again with further seeds: the mean over "
            "folds, each of which has a seed of its own, tells them apart already. Leave one of "
            "them out.",
        )
    if checked.get("refit", True) is None:
        report.add(
            ("refit",),
            f"{begins}, and refit is false: what is trained in a fold has not seen a part of the "
            "data, so that no trial has a model to hand over. Leave refit out.",
        )


_ELSE = {
    "scheduler": "Write scheduler: asha, or none",
    "searcher": "Write another searcher, such as evolution, or let it not inherit (of neat: "
    "inheritance: baldwinian)",
}


def _hands_on_weights(component: Component) -> bool:
    """Return whether trials go on with, or begin with, the weights of others."""
    return bool(
        getattr(load_object(component.class_path), "exploits", False)
        or component.settings.get("inherit") == "weights"
        or _is_lamarckian(component)
    )


def _is_lamarckian(component: Component) -> bool:
    """Return whether it is `neat`, whose children begin with weights that training has changed."""
    is_neat = component.class_path.rpartition(":")[2] == "Neat"
    return is_neat and component.settings.get("inheritance") != "baldwinian"
