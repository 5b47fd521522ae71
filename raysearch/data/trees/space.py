"""What can be known about trees, and chosen, before a worker starts?

The files are read by what needs their content, once: `check_arguments`, `data_spec` and `advice`.
To import this module reads nothing, and needs neither torch nor NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.data.batches import batch_sizes_among, legal_batch_size
from raysearch.data.trees.arguments import ARGUMENTS
from raysearch.data.trees.preparing import PREPARATION
from raysearch.data_spec import DataSpec
from raysearch.space import Domain, Space


def check_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the data module, checked against the files, as plain JSON values.

    Args:
        arguments: What the experiment says; see `arguments.TreesArguments`.

    Returns:
        Every argument: defaults filled in, paths absolute, and `fingerprint` that of the files, so
        that a search that is resumed refuses files that have changed.

    Raises:
        ConfigurationError: With every fault; each text begins with the name of an argument.

    Side effects:
        Leaves the prepared trees in this node's cache.
    """
    checked = PREPARATION.settled(arguments)
    PREPARATION.about(checked)
    return checked.to_json()


def data_spec(**arguments: Any) -> DataSpec:
    """Return shapes, sizes, classes and vocabulary of trees.

    The seed of the search plays no part: which symbols there are follows from the training split,
    which `split_seed` governs.

    Raises:
        ConfigurationError: As `check_arguments`.

    Side effects:
        Leaves the prepared trees in this node's cache.
    """
    return PREPARATION.about(PREPARATION.settled(arguments)).spec


def advice(**arguments: Any) -> list[str]:
    """Return what a person should know: which task was told, what is unknown, what leaks.

    Raises:
        ConfigurationError: As `check_arguments`.
    """
    return list(PREPARATION.about(PREPARATION.settled(arguments)).notes)


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size, larger for more trees.

    Example:
        >>> trees = DataSpec(
        ...     task="classification", input_shape=(2, 9), n_outputs=5, n_train=8544, form="tree"
        ... )
        >>> search_space(trees)["data.batch_size"][0].domain.describe()
        '32, 64, 128, 256'
    """
    first = 8 if data.n_train < 1000 else 32
    sizes = [first * 2**power for power in range(4)]
    return Space({"data.batch_size": batch_sizes_among(sizes, data, default=sizes[1])})


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": legal_batch_size(data)}


__all__ = ["ARGUMENTS", "advice", "check_arguments", "data_spec", "legal_domains", "search_space"]
