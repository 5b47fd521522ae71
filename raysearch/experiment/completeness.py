"""Is everything there that an experiment needs, once its parts are known?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.experiment.arguments import DATA_PREFIX
from raysearch.experiment.checking import report_missing
from raysearch.experiment.datasets import DataSet
from raysearch.experiment.families import Family
from raysearch.experiment.report import Report
from raysearch.init_from import KEYS
from raysearch.space import Space

MOST_ARGUMENTS = 4
"""Arguments that a message proposes to search at most."""


def check_functions(
    checked: Mapping[str, Any], *, families: tuple[Family, ...] | None, report: Report
) -> bool:
    """Return whether a function trains by itself; what does not go with that is reported.

    Without data every other model is at fault, unless the section was written wrongly.
    """
    functions = [f.choice for f in families or () if f.choice.kind == "function"]
    has_data = report.document.get(("data",)) is not None
    if not functions:
        is_function = any(section.function is not None for section in checked.get("model") or ())
        if not has_data and not is_function:
            report_missing("data", report=report)
        return False
    name = functions[0].name
    if len(families or ()) > 1:
        report.add(
            ("model",),
            f"model: {name} is a function that trains by itself, and cannot stand beside other "
            "models. Give it a search of its own.",
        )
    if has_data:
        text = f"{name} is a function that reads its data itself. Leave the section out."
        report.add(("data",), f"data: {text}")
    return True


def check_complete(
    *,
    space: Space,
    links: Mapping[str, str],
    data: DataSet | None,
    families: tuple[Family, ...],
    report: Report,
) -> None:
    """Report arguments without a value, and a space with nothing in it.

    Where a range or a link is at fault, what it would have given is not called missing as well.
    """
    if any(report.has_faults((section,)) for section in ("space", "link")):
        return
    for family in families:
        prefix = family.choice.prefix
        needed = [prefix + name for name in family.arguments.required]
        _check_required(needed, owner=family.choice.name, space=space, links=links, report=report)
    if data is not None:
        needed = list(data.arguments.required)
        name = data.choice.name
        _check_required(needed, owner=name, space=space, links=links, report=report)
    if not len(space):
        report.add(("space",), _nothing_to_search(data, families))


def _check_required(
    needed: list[str], *, owner: str, space: Space, links: Mapping[str, str], report: Report
) -> None:
    missing = [key for key in needed if key not in space and key not in links]
    if not missing:
        return
    section = "data" if missing[0].startswith(DATA_PREFIX) else "model"
    listed = ", ".join(key.removeprefix(DATA_PREFIX) for key in missing)
    report.add(
        (section,),
        f"{section}: {owner} needs {listed}, for which there is no value. Give it under "
        f"{section}.args, or a range under space as `{missing[0]}: RANGE`.",
    )


def _nothing_to_search(data: DataSet | None, families: tuple[Family, ...]) -> str:
    names = [n for family in families for n in family.arguments.names or () if n not in KEYS]
    builders = [f.choice.name for f in families if f.choice.kind == "builder"]
    asked = "".join(f"{name}(hp) asks for no parameter. " for name in builders if not names)
    names += list((data and data.arguments.names) or ())
    known = f" Arguments that can be searched: {', '.join(names)}." if names else ""
    if asked:
        return (
            f"space is empty, so there is nothing to search. {asked}Ask for one, such as "
            f'hp.Int("hidden", 8, 64), or give a range for an argument of the data.{known}'
        )
    example = names[0] if names else "hidden"
    return (
        "space is empty, so there is nothing to search. Give ranges for arguments, such as "
        f"`{example}: {{int: [8, 64]}}` or `{example}: {{choice: [a, b]}}`.{known}"
    )
