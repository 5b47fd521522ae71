"""Which class stands behind the name of a searcher or scheduler, and which settings has it?

The settings are the keyword-only arguments of the class, less those that raysearch gives itself:
their types are checked by pydantic, their ranges by the class, which is constructed for that.

A file may also name a class. One of Ray Tune's takes part by an adapter, which is found by its path
as those in the tables are, so that nothing here knows Ray; any other must keep to the contract of
`raysearch.searchers.base` or `raysearch.schedulers.base`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from raysearch.errors import ConfigurationError, UnsuitableSpace, one_of
from raysearch.experiment.arguments import known_signature, short_name
from raysearch.experiment.checking import report_errors
from raysearch.experiment.component_sections import SchedulerSection, SearcherSection
from raysearch.experiment.document import dotted
from raysearch.experiment.remedies import own_class
from raysearch.experiment.report import Report
from raysearch.experiment.values import Component
from raysearch.imports import load_object
from raysearch.schedulers import SCHEDULERS
from raysearch.searchers import SEARCHERS
from raysearch.searchers.suitability import require_graphs
from raysearch.space import Space
from raysearch.trial import Objective

IF_ASKED = ("fixed", "max_total_epochs", "max_trials", "space")
"""Arguments that raysearch gives to a scheduler that has them."""

GIVEN = frozenset({*IF_ASKED, "objective", "objectives", "seed", "max_epochs"})
"""Arguments that raysearch gives; all others are settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a component is for."""

    section: str
    """Section of the experiment file."""
    kind: str
    """The word for it with its article, for messages."""
    table: Mapping[str, str]
    """Name -> import path of the class."""
    adapter: str
    """Import path of the class through which one of Ray Tune's takes part."""
    methods: tuple[str, ...]
    """What any other class must have."""


SEARCHER = Role(
    section="searcher",
    kind="a searcher",
    table=SEARCHERS,
    adapter="raysearch.tuning.ray_searcher:RaySearcher",
    methods=("suggest", "observe"),
)
SCHEDULER = Role(
    section="scheduler",
    kind="a scheduler",
    table=SCHEDULERS,
    adapter="raysearch.tuning.ray_scheduler:RayScheduler",
    methods=("on_measurement", "on_end"),
)


@functools.cache
def settings_form(class_path: str) -> type[BaseModel]:
    """Return a model of the settings of a class, made from its signature.

    Example:
        >>> list(settings_form("raysearch.schedulers.asha:ASHA").model_fields)
        ['min_epochs', 'reduction_factor', 'brackets', 'form']
    """
    component = load_object(class_path)
    fields: dict[str, Any] = {
        name: (argument.annotation, argument.default)
        for name, argument in inspect.signature(component, eval_str=True).parameters.items()
        if argument.kind is argument.KEYWORD_ONLY and name not in GIVEN
    }
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    return create_model(component.__name__, __config__=config, **fields)


def resolve_component(
    section: SearcherSection | SchedulerSection | None, *, role: Role, report: Report
) -> Component | None:
    """Return the component that a section names, or None with the faults reported."""
    if section is None:
        return None
    if section.class_ is not None:
        return _named_component(section, section.class_, role=role, report=report)
    path = (role.section, "name")
    hint = own_class(section.name) if "." in section.name else ""
    name = report.choose(path, section.name, kind=role.kind, valid=role.table, hint=hint)
    if name is None:
        return None
    form = settings_form(role.table[name])
    beside = {"args": section.args} if "args" in section.model_fields_set else {}
    try:
        settings = form.model_validate({**(section.model_extra or {}), **beside})
    except ValidationError as error:
        kind, keys = f"a setting of {name}", ("name", *form.model_fields)
        report_errors(error, base=(role.section,), report=report, kind=kind, keys=keys)
        return None
    return Component(
        name=name, class_path=role.table[name], settings=settings.model_dump(mode="json")
    )


def _named_component(
    section: SearcherSection | SchedulerSection, class_path: str, *, role: Role, report: Report
) -> Component | None:
    """Return the component whose class a section names, or None with the faults reported."""
    where = report.document.nearest((role.section, "class"))
    for key in section.model_extra or {}:
        report.unknown_key(
            (role.section, key),
            kind=f"a key of {role.section} beside class",
            valid=("class", "args"),
            hint=f"Arguments of {short_name(class_path)} go under args.",
        )
    try:
        found = load_object(class_path)
    except ConfigurationError as error:
        report.from_error(where, error, prefix=f"{dotted(where)}: ")
        return None
    except Exception as error:  # noqa: BLE001 - a module of anybody's may raise anything
        report.add(where, f"{dotted(where)}: importing {class_path} raised {error!r}.")
        return None
    is_rays = _is_rays(found)
    has_all = all(callable(getattr(found, name, None)) for name in role.methods)
    if not is_rays and not (inspect.isclass(found) and has_all):
        report.add(
            where,
            f"{dotted(where)}: {class_path} is not {role.kind}: it neither derives from one of Ray "
            f"Tune's, nor is a class with the methods {', '.join(role.methods)}, as "
            f"raysearch.{role.section}s.base describes them. Name another one.",
        )
        return None
    _check_arguments(section.args, class_path, role=role, report=report)
    return Component(
        name=short_name(class_path),
        class_path=role.adapter if is_rays else class_path,
        settings=section.args,
        named_class=class_path,
    )


def _is_rays(found: object) -> bool:
    """Return whether a class derives from one of Ray's."""
    bases = inspect.getmro(found) if inspect.isclass(found) else ()
    return any(base.__module__.partition(".")[0] == "ray" for base in bases)


def _check_arguments(
    args: Mapping[str, Any], class_path: str, *, role: Role, report: Report
) -> None:
    """Report arguments that the constructor of a class does not have."""
    signature = known_signature((role.section, "class"), class_path, report=report)
    for name in args:
        if signature is not None and not signature.accepts(name):
            report.unknown_key(
                (role.section, "args", name),
                kind=f"an argument of {short_name(class_path)}",
                valid=set(signature.arguments or ()) - GIVEN,
            )


def construct(
    component: Component,
    *given: Any,
    if_asked: Mapping[str, Any] | None = None,
    objectives: Sequence[Objective] = (),
    **named: Any,
) -> Any:
    """Return a new object of the component's class.

    Args:
        component: Class and settings.
        given: Arguments by position.
        if_asked: Further arguments by name, given to a class that has them.
        objectives: All of them where there are several; given to a class that can improve several.
        named: Arguments by name.

    Raises:
        ConfigurationError: A setting is out of range, or a class of one's own raises something; an
            UnsuitableSpace if there are several objectives, and the class can improve one.
    """
    made = load_object(component.class_path)
    asked = inspect.signature(made).parameters
    named |= {name: value for name, value in (if_asked or {}).items() if name in asked}
    if objectives and "objectives" not in asked:
        metrics = ", ".join(objective.metric for objective in objectives)
        raise UnsuitableSpace(
            f"{component.name} compares trials by one objective, and there are "
            f"{len(objectives)}: {metrics}."
        )
    if objectives:
        named["objectives"] = tuple(objectives)
    if component.named_class is None:
        return made(*given, **named, **component.settings)
    if component.named_class != component.class_path:
        return made(*given, **named, class_path=component.named_class, args=component.settings)
    return _made_of_own(made, *given, component=component, **named)


def _made_of_own(made: Any, *given: Any, component: Component, **named: Any) -> Any:
    """Return an object of a class of one's own, whose constructor may raise anything."""
    try:
        return made(*given, **named, **component.settings)
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(
            f"{component.named_class} cannot be made with {one_of([*named, *component.settings])}: "
            f"it raised {error!r}. Its constructor takes what raysearch gives by these names, and "
            "what stands under args."
        ) from error


def changes_configurations(component: Component) -> bool:
    """Return whether a scheduler changes the configurations of trials that train.

    Example:
        >>> changes_configurations(
        ...     Component(name="none", class_path=SCHEDULERS["none"], settings={})
        ... )
        False
    """
    return "fixed" in inspect.signature(load_object(component.class_path)).parameters


def searcher_for(space: Space, *, component: Component, **named: Any) -> Any:
    """Return a new searcher for a space.

    Raises:
        ConfigurationError: A setting is out of range; an UnsuitableSpace if the method cannot
            search the space.
    """
    searcher = construct(component, space, **named)
    require_graphs(space, searcher=searcher, method=component.name)
    return searcher


def able_searchers(space: Space, *, but: str = "", **named: Any) -> list[str]:
    """Return the names of the search methods that can search a space, with their own settings.

    Args:
        space: What is to be searched.
        but: A method that is not asked for.
        named: What every searcher is given: `objective`, `seed`.

    Example:
        >>> from raysearch.space import Bool
        >>> from raysearch.trial import Objective
        >>> objective = Objective(metric="val/loss", direction="minimize")
        >>> "random" in able_searchers(Space({"bias": Bool()}), objective=objective, seed=0)
        True
    """
    others = {name: path for name, path in SEARCHERS.items() if name != but}
    return _able(others, make=lambda component: searcher_for(space, component=component, **named))


def able_schedulers(**named: Any) -> list[str]:
    """Return the names of the schedulers that can compare trials by several objectives.

    Args:
        named: What every scheduler is given: `objective`, `objectives`, `seed`.
    """
    return _able(
        SCHEDULERS, make=lambda component: construct(component, max_epochs=ANY_EPOCHS, **named)
    )


def _able(table: Mapping[str, str], *, make: Callable[[Component], object]) -> list[str]:
    """Return the names in a table of what can be made with its own settings."""
    able = []
    for name, class_path in table.items():
        try:
            make(Component(name=name, class_path=class_path, settings={}))
        except ConfigurationError:
            continue
        able.append(name)
    return able


ANY_EPOCHS = 1_000_000
"""What schedulers are tried with where it does not matter."""
