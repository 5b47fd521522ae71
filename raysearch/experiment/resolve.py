"""How does a document become an experiment?

Each step looks up what one section names and reports what is wrong with it. Where a step needs a
section that is at fault, it does what can be done without, so that its own faults are found too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import Any, TypeVar

from raysearch.errors import ConfigurationError
from raysearch.experiment.checking import check
from raysearch.experiment.completeness import check_complete, check_functions
from raysearch.experiment.component_sections import SearcherSection
from raysearch.experiment.components import SCHEDULER, SEARCHER, resolve_component
from raysearch.experiment.compress import compress_settings
from raysearch.experiment.datasets import DataSet, resolve_data
from raysearch.experiment.document import Document
from raysearch.experiment.environment import expand
from raysearch.experiment.experiment import Experiment
from raysearch.experiment.families import Family, place, resolve_models
from raysearch.experiment.fold_checks import check_repeats
from raysearch.experiment.links import resolve_links, resolve_points
from raysearch.experiment.methods import try_methods
from raysearch.experiment.overrides import apply_overrides
from raysearch.experiment.plain import plain_document
from raysearch.experiment.reading import read
from raysearch.experiment.refit import refit_settings
from raysearch.experiment.repeats import repeats_settings
from raysearch.experiment.report import Report
from raysearch.experiment.select import check_select, select_settings
from raysearch.experiment.settings import NAME, NAME_RULE
from raysearch.experiment.several import Aims, resolve_aims
from raysearch.experiment.spaces import resolve_space
from raysearch.experiment.starts import absolute_paths, can_start, check_starts
from raysearch.experiment.superseded import explained
from raysearch.experiment.together import check_together
from raysearch.experiment.trainer import check_objects, trainer_arguments
from raysearch.experiment.values import Component
from raysearch.experiment.written import data_settings, model_settings
from raysearch.models import FAMILIES
from raysearch.space import Space
from raysearch.trial import Value

FOR_SEVERAL = "nsga2"
"""The searcher of several objectives where the file names none."""

T = TypeVar("T")


def load(path: str | FilePath, overrides: Iterable[str] = ()) -> Experiment:
    """Return the experiment that a file describes.

    Args:
        path: The experiment file.
        overrides: KEY=VALUE each, applied in order: "budget.trials=8".

    Raises:
        ConfigurationError: With every fault of the file and the overrides.
    """
    document = expand(apply_overrides(read(path), overrides))
    return resolve(document, default_name=FilePath(path).stem)


def from_settings(
    mapping: Mapping[str, Any],
    *,
    overrides: Iterable[str] = (),
    source: str = "settings given in Python",
) -> Experiment:
    """Return the experiment that plain values describe, in the form of an experiment file.

    Args:
        mapping: What a file would hold. Ranges may be domains of `raysearch.space`.
        overrides: KEY=VALUE each, applied in order: "budget.trials=8".
        source: Where the values come from, for messages.

    Raises:
        ConfigurationError: With every fault of the values and the overrides.

    Example:
        >>> experiment = from_settings(
        ...     {
        ...         "data": "digits",
        ...         "model": "mlp",
        ...         "objective": "val/accuracy",
        ...         "fidelity": {"max_epochs": 9},
        ...     },
        ...     overrides=["space.width=32"],
        ... )
        >>> experiment.name, experiment.objective.direction, experiment.space.default()["width"]
        ('digits', 'maximize', 32)
        >>> from_settings(experiment.settings) == experiment
        True
    """
    document = apply_overrides(plain_document(mapping, source=source), overrides)
    try:
        return resolve(document, default_name=None)
    except ConfigurationError as error:
        raise explained(error, mapping) from error


def resolve(document: Document, *, default_name: str | None) -> Experiment:
    """Return the experiment that a document describes.

    Args:
        document: What the file says.
        default_name: The experiment's name if the document has none; None for that of the data.

    Raises:
        ConfigurationError: With every fault of the document.
    """
    report = Report(document)
    checked = check(report)
    parts = _parts(checked, report=report)
    name = checked.get("name") or default_name or _name_of(parts)
    if name and "name" not in document.values and not NAME.fullmatch(name):
        report.add(("name",), f"name is missing, and {name} cannot be it. {NAME_RULE}")
    try_methods(
        checked,
        space=parts.space,
        families=parts.families,
        links=parts.links,
        aims=parts.aims,
        searcher=parts.searcher,
        scheduler=parts.scheduler,
        report=report,
    )
    check_select(checked, report=report)
    report.raise_faults()
    return _experiment(name, checked, parts)


def _name_of(parts: _Parts) -> str:
    """Return the name of an experiment that has none: that of its data, else of its function."""
    if parts.data is not None:
        return parts.data.choice.name
    return parts.families[0].choice.name if parts.families else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What the sections stand for; None where a section is at fault."""

    data: DataSet | None
    families: tuple[Family, ...] | None
    space: Space | None
    links: Mapping[str, str]
    points: tuple[dict[str, Value], ...]
    aims: Aims | None
    searcher: Component | None
    scheduler: Component | None


def _parts(checked: dict[str, Any], *, report: Report) -> _Parts:
    """Return what the checked sections stand for, reporting what they name wrongly.

    Side effects:
        Paths of checkpoints become absolute in the checked sections.
    """
    data = resolve_data(checked.get("data"), report=report)
    families = resolve_models(checked.get("model"), data=data, report=report)
    if families is not None:
        families = _starting(families, checked, report=report)
    trains_itself = check_functions(checked, families=families, report=report)
    space, links, points = None, dict[str, str](), tuple[dict[str, Value], ...]()
    if families is not None and (data is not None or trains_itself):
        given: dict[str, Any] = {"data": data, "families": families, "report": report}
        space = resolve_space(checked.get("space", {}), **given)
        check_starts(space, families=families, report=report)
        links, space = resolve_links(checked.get("link", {}), space=space, **given)
        points = resolve_points(checked.get("points", ()), space=space, **given)
        check_complete(space=space, links=links, **given)
    check_objects(checked.get("trainer"), report=report)
    check_together(checked, data=data, space=space, trains_itself=trains_itself, report=report)
    task = None if data is None or data.spec is None else data.spec.task
    models = checked.get("model") or ()
    is_own = not models or any(section.name not in FAMILIES for section in models)
    aims = resolve_aims(
        checked,
        task=task,
        is_own=is_own,
        families=[section.name for section in models if section.name in FAMILIES],
        has_functions=trains_itself,
        report=report,
    )
    searcher = checked.get("searcher")
    if aims is not None and aims.objectives and "searcher" not in report.document.values:
        searcher = SearcherSection(name=FOR_SEVERAL)
    methods = {
        "searcher": resolve_component(searcher, role=SEARCHER, report=report),
        "scheduler": resolve_component(checked.get("scheduler"), role=SCHEDULER, report=report),
    }
    check_repeats(checked, data=data, trains_itself=trains_itself, report=report, **methods)
    return _Parts(
        data=data,
        families=families,
        space=space,
        links=links,
        points=points,
        aims=aims,
        **methods,
    )


def _starting(
    families: tuple[Family, ...], checked: dict[str, Any], *, report: Report
) -> tuple[Family, ...]:
    """Return the families with the checkpoints that they begin from; see `_parts`."""
    sections = checked["model"]
    if len(sections) != len(families):
        return families  # one is listed twice, which is reported
    starting = tuple(
        can_start(family, section.init_from, path=place(number, report=report), report=report)
        for number, (family, section) in enumerate(zip(families, sections, strict=True))
    )
    if "space" in checked:
        checked["space"] = absolute_paths(checked["space"], starting)
    if "points" in checked:
        checked["points"] = [absolute_paths(point, starting) for point in checked["points"]]
    return starting


def _experiment(name: str, checked: Mapping[str, Any], parts: _Parts) -> Experiment:
    """Put together what is known to be sound."""
    data, families = parts.data, _sound(parts.families)
    searcher, scheduler = _sound(parts.searcher), _sound(parts.scheduler)
    aims = _sound(parts.aims)
    parallel = checked["parallel"]
    trainer = trainer_arguments(checked["trainer"])
    values = {
        "name": name,
        "seed": checked["seed"],
        "data": data_settings(data),
        "model": [
            model_settings(family, args=section.args)
            for family, section in zip(families, checked["model"], strict=True)
        ],
        "space": checked["space"],
        "link": checked["link"],
        "points": checked["points"],
        "evidence": checked["evidence"],
        **aims.settings(),
        "searcher": searcher.to_settings(),
        "scheduler": scheduler.to_settings(),
        "fidelity": asdict(checked["fidelity"]),
        "budget": asdict(checked["budget"]),
        "resources": asdict(checked["resources"]),
        "parallel": parallel,
        "checkpoint": checked["checkpoint"].model_dump(),
        "failures": asdict(checked["failures"]),
        "trainer": dict(trainer),
        "loop": checked["loop"],
        "repeats": repeats_settings(checked["repeats"]),
        "select": select_settings(checked["select"]),
        "refit": refit_settings(checked["refit"]),
        "compress": compress_settings(checked["compress"]),
    }
    return Experiment(
        name=name,
        seed=checked["seed"],
        data=None if data is None else data.choice,
        data_spec=None if data is None else data.spec,
        models=tuple(family.choice for family in families),
        space=_sound(parts.space),
        links=parts.links,
        points=parts.points,
        evidence=tuple(checked["evidence"]),
        aims=aims,
        searcher=searcher,
        scheduler=scheduler,
        fidelity=checked["fidelity"],
        budget=checked["budget"],
        resources=checked["resources"],
        parallel=None if parallel == "auto" else parallel,
        checkpoint=checked["checkpoint"].resolved(),
        failures=checked["failures"],
        trainer=trainer,
        loop=checked["loop"],
        repeats=checked["repeats"],
        select=checked["select"],
        refit=checked["refit"],
        compress=checked["compress"],
        settings=values,
    )


def _sound(part: T | None) -> T:
    """Return a part that must be there, since no fault was reported."""
    if part is None:
        raise RuntimeError("a section came to nothing although no fault of it was reported")
    return part
