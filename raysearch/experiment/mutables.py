"""Which parameters can take effect while a trial trains, and why can the others not?

A trial that takes over the weights of another one is built anew with its own configuration. So what
weights and averages of gradients have to fit must stay; all else, of optimiser, schedule, loss,
dropout and data, may change; and, where the user lists it, the architecture of a family whose
networks can grow out of one another. Built-in families say it in their torch-free `space` modules;
of a class of the user's own the optimiser's and the data's numbers are known, and what he lists.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping, Sequence

from raysearch.experiment.spaces import MODEL
from raysearch.experiment.values import ModelChoice
from raysearch.init_from import KEYS
from raysearch.models import FAMILIES, architecture_of
from raysearch.space import Space

DATA_PREFIX = "data."

OF_OPTIMIZERS = frozenset({"learning_rate", "lr", "momentum", "weight_decay"})
"""Arguments of a user's own module that are taken for his optimiser's."""


def fixed_parameters(
    space: Space,
    *,
    models: Sequence[ModelChoice],
    links: Mapping[str, str],
    asked: Collection[str] = (),
) -> dict[str, str]:
    """Return the parameters of a space that cannot change while a trial trains, each with why.

    Args:
        space: The search space.
        models: The families that are searched.
        links: Argument -> parameter whose value it takes.
        asked: Keys that the user lists; those of his own models are taken at his word.
    """
    fixed = {
        key: why
        for key in space.keys
        if (why := _why_fixed(key, models=models, asked=asked)) is not None
    }
    for target, source in links.items():
        why = _why_fixed(target, models=models, asked=(*asked, target) if source in asked else ())
        if source in space and source not in fixed and why is not None:
            fixed[source] = f"it is linked to {target}, and {why}"
    for parameter in space:
        for parent, _ in parameter.when:
            if parameter.key in fixed and parent in space and parent not in fixed:
                fixed[parent] = f"{parameter.key} depends on it, and {fixed[parameter.key]}"
    return fixed


def _why_fixed(key: str, *, models: Sequence[ModelChoice], asked: Collection[str]) -> str | None:
    """Return why a parameter cannot change; None if it can."""
    if key.startswith(DATA_PREFIX):
        return None
    if key == MODEL and len(models) > 1:
        return "it says which network there is"
    choice = next((choice for choice in models if key.startswith(choice.prefix)), models[0])
    argument = key.removeprefix(choice.prefix)
    if argument in KEYS and choice.start is not None:
        return "it says from which weights a network begins"
    if choice.kind == "function":
        return None
    if choice.is_own:
        return None if argument in OF_OPTIMIZERS or key in asked else _of_own(key, choice)
    mutable: frozenset[str] = importlib.import_module(f"{FAMILIES[choice.name]}.space").MUTABLE
    grows = argument in architecture_of(choice.name)
    if argument in mutable or (grows and key in asked):
        return None
    why = f"{choice.name} has weights that it must fit"
    return f"{why}, unless it is listed in scheduler.parameters and grows" if grows else why


def _of_own(key: str, choice: ModelChoice) -> str:
    return (
        f"it may decide which weights {choice.name} has. If it does not, list it: "
        f"scheduler: {{parameters: [{key}, ...]}}"
    )
