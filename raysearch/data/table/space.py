"""What can be known about a table, and chosen, before a worker starts?

The file is read by what needs its content, once: `check_arguments`, `data_spec` and `advice`. To
import this module reads nothing, and needs neither torch nor pandas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.data.batches import batch_sizes, legal_batch_size
from raysearch.data.table.arguments import ARGUMENTS
from raysearch.data.table.preparing import PREPARATION
from raysearch.data_spec import DataSpec
from raysearch.space import Domain, Space


def check_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the data module, checked against the file, as plain JSON values.

    Args:
        arguments: What the experiment says; see `arguments.TableArguments`.

    Returns:
        Every argument: defaults filled in, `path` absolute, and `fingerprint` that of the file, so
        that a search that is resumed refuses a file that has changed.

    Raises:
        ConfigurationError: With every fault; each text begins with the name of an argument.

    Side effects:
        Leaves the prepared table in this node's cache.
    """
    checked = PREPARATION.settled(arguments)
    PREPARATION.about(checked)
    return checked.to_json()


def data_spec(**arguments: Any) -> DataSpec:
    """Return shapes, sizes and classes of a table.

    The seed of the search plays no part: which columns there are follows from the training split,
    which `split_seed` governs.

    Raises:
        ConfigurationError: As `check_arguments`.

    Side effects:
        Leaves the prepared table in this node's cache.
    """
    return PREPARATION.about(PREPARATION.settled(arguments)).spec


def advice(**arguments: Any) -> list[str]:
    """Return what a person should know about how the table was understood.

    Which task was inferred, which columns are left out and why, how many rows without a target,
    what could not be read, whether the classes are unbalanced.

    Raises:
        ConfigurationError: As `check_arguments`.
    """
    return list(PREPARATION.about(PREPARATION.settled(arguments)).notes)


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size, larger for more rows.

    Example:
        >>> rows = DataSpec(task="regression", input_shape=(3,), n_outputs=1, n_train=20_000)
        >>> search_space(rows)["data.batch_size"][0].domain.describe()
        '64, 128, 256, 512, 1024'
    """
    return Space({"data.batch_size": batch_sizes(data)})


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": legal_batch_size(data)}


__all__ = ["ARGUMENTS", "advice", "check_arguments", "data_spec", "legal_domains", "search_space"]
