"""What can be known about images, and chosen, before a worker starts?

The files are read by what needs their content, once: `check_arguments`, `data_spec` and `advice`.
To import this module reads nothing, and needs neither torch nor pandas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.checks import integer_fault
from raysearch.data.batches import batch_sizes, legal_batch_size
from raysearch.data.images.arguments import ARGUMENTS
from raysearch.data.images.preparing import PREPARATION, settled
from raysearch.data_spec import DataSpec
from raysearch.space import Choice, Domain, Float, Space

_LEGAL: dict[str, Domain] = {
    "data.flip": Choice(["none", "horizontal", "vertical", "both"]),
    "data.crop": Float(0.0, 0.5),
    "data.cutout": Float(0.0, 0.9),
    "data.mixup": Float(0.0, 4.0),
}


def check_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the data module, checked against the files, as plain JSON values.

    Args:
        arguments: What the experiment says; see `arguments.ImagesArguments`.

    Returns:
        Every argument: defaults filled in, paths absolute, and `fingerprint` that of the files, so
        that a search that is resumed refuses files that have changed.

    Raises:
        ConfigurationError: With every fault; each text begins with the name of an argument.

    Side effects:
        Leaves the prepared images in this node's cache.
    """
    checked = settled(arguments)
    PREPARATION.about(checked)
    return checked.to_json()


def data_spec(**arguments: Any) -> DataSpec:
    """Return shapes, sizes and classes of images.

    The seed of the search plays no part; `split_seed` governs the split.

    Raises:
        ConfigurationError: As `check_arguments`.

    Side effects:
        Leaves the prepared images in this node's cache.
    """
    return PREPARATION.about(settled(arguments)).spec


def advice(**arguments: Any) -> list[str]:
    """Return what a person should know about how the images were understood.

    Which size was chosen, what is left out, whether a split lacks a class, and whether a picture of
    the test is in the training split too.

    Raises:
        ConfigurationError: As `check_arguments`.
    """
    return list(PREPARATION.about(settled(arguments)).notes)


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size, and how images are varied in training.

    By default they are shifted a little, which hardly ever hurts; to mirror them does where left
    and right mean something, as in letters, which the validation split tells.

    Example:
        >>> images = DataSpec(
        ...     task="regression", input_shape=(3, 32, 32), n_outputs=1, n_train=20_000
        ... )
        >>> search_space(images)["data.mixup"][0].domain.describe()
        '0.0 to 0.4'
    """
    return Space(
        {
            "data.batch_size": batch_sizes(data),
            "data.flip": Choice(["none", "horizontal"], default="none"),
            "data.crop": Float(0.0, 0.25, default=0.1),
            "data.cutout": Float(0.0, 0.5, default=0.0),
            "data.mixup": Float(0.0, 0.4, default=0.0),
        }
    )


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": legal_batch_size(data), **_LEGAL}


def parameter_faults(parameters: Mapping[str, Any]) -> list[str | None]:
    """Return what is wrong with each of the parameters, None where nothing is.

    Args:
        parameters: By name, without "data.".
    """
    faults = [integer_fault("data.batch_size", parameters["batch_size"], at_least=1)]
    for key, domain in _LEGAL.items():
        value = parameters[key.removeprefix("data.")]
        is_wrong = domain.explain(value) is not None
        faults.append(f"{key} is {value!r}. It must be {domain.describe()}." if is_wrong else None)
    return faults


__all__ = [
    "ARGUMENTS",
    "advice",
    "check_arguments",
    "data_spec",
    "legal_domains",
    "parameter_faults",
    "search_space",
]
