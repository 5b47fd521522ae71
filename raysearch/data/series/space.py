"""What can be known about time series, and chosen, before a worker starts?

The files are read by what needs their content, once: `check_arguments`, `data_spec` and `advice`.
To import this module reads nothing, and needs neither torch nor pandas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.data.series.arguments import ARGUMENTS
from raysearch.data.series.preparing import PREPARATION
from raysearch.data_spec import DataSpec
from raysearch.space import Choice, Domain, Int, Space


def check_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the data module, checked against the files, as plain JSON values.

    Args:
        arguments: What the experiment says; see `arguments.SeriesArguments`.

    Returns:
        Every argument: defaults filled in, paths absolute, and the fingerprints those of the files,
        so that a search that is resumed refuses files that have changed.

    Raises:
        ConfigurationError: With every fault; each text begins with the name of an argument.

    Side effects:
        Leaves the prepared series in this node's cache.
    """
    checked = PREPARATION.settled(arguments)
    PREPARATION.about(checked)
    return checked.to_json()


def data_spec(**arguments: Any) -> DataSpec:
    """Return shapes, sizes and classes of series.

    The seed of the search plays no part: the scale of a forecast follows from the training split,
    which `split_seed` governs.

    Raises:
        ConfigurationError: As `check_arguments`.

    Side effects:
        Leaves the prepared series in this node's cache.
    """
    return PREPARATION.about(PREPARATION.settled(arguments)).spec


def advice(**arguments: Any) -> list[str]:
    """Return what a person should know about how the series were understood.

    What is a series, which task was inferred, how many series or windows each split has, what was
    filled in or left out, whether the same series is in two splits, and what error a forecast has
    to beat.

    Raises:
        ConfigurationError: As `check_arguments`.
    """
    return list(PREPARATION.about(PREPARATION.settled(arguments)).notes)


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size, larger for more series or windows.

    Example:
        >>> windows = DataSpec(task="regression", input_shape=(1, 96), n_outputs=24, n_train=5000)
        >>> search_space(windows)["data.batch_size"][0].domain.describe()
        '16, 32, 64, 128, 256'
    """
    first = 4 if data.n_train < 200 else 8 if data.n_train < 1000 else 16
    sizes = [size for size in (first * 2**power for power in range(5)) if size <= data.n_train]
    sizes = sizes or [data.n_train]
    return Space({"data.batch_size": Choice(sizes, ordered=True, default=sizes[len(sizes) // 2])})


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": Int(2, max(2, data.n_train))}


__all__ = ["ARGUMENTS", "advice", "check_arguments", "data_spec", "legal_domains", "search_space"]
