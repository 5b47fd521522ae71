"""Which evolved graphs can be searched, and which are legal?

Torch-free. The topology, its first weights included, is one parameter, `graph`: a value is the
text of a genome (see `raysearch.space.genome`), and the searcher `neat` evolves it. Examples of any
shape are flattened; each category of a table is an input of its own, 1 where it is the one, else 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from raysearch.data_spec import DataSpec
from raysearch.models.shared.space import (
    MUTABLE_IN_TRAINING,
    check_cardinalities,
    check_data,
    training_domains,
    training_space,
)
from raysearch.models.shared.space import data_arguments as supervised_arguments
from raysearch.space import Choice, Domain, Graph, Space
from raysearch.space.genome import ACTIVATIONS

MODULE = "raysearch.models.graph.module:EvolvedGraph"
"""Import path of the module class."""

MUTABLE = MUTABLE_IN_TRAINING
"""Arguments of the constructor that can be changed while a trial trains."""

MOST_AT_FIRST = 4096
"""Connections up to which the minimal graph has all of them, and none where they would be more."""


def search_space(data: DataSpec) -> Space:
    """Return the recommended search space: the graph, and how it is trained.

    Example:
        >>> digits = DataSpec(
        ...     task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=1077
        ... )
        >>> print(search_space(digits)["graph"][0].domain.describe())
        graphs, 64 inputs to 10 outputs, up to 100 hidden nodes and 10000 connections
    """
    _check(data)
    graph = _graph(n_graph_inputs(data), data.n_outputs)
    return Space({"graph": graph}).merged(training_space(data))


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every value that the constructor accepts, by argument.

    Raises:
        ConfigurationError: It is no data for `graph`.
    """
    _check(data)
    return {
        "graph": Graph(
            n_graph_inputs(data),
            data.n_outputs,
            max_hidden=100_000,
            max_connections=10_000_000,
            activations=ACTIVATIONS,
            initial="none",
            weight_limit=1e6,
        ),
        "train": Choice(["gradient", "none"]),
        **training_domains(data),
    }


def data_arguments(data: DataSpec) -> dict[str, Any]:
    """Return the constructor's arguments that follow from the data, as plain JSON values."""
    categories = {"cardinalities": list(data.cardinalities)} if data.cardinalities else {}
    return {**supervised_arguments(data), **categories}


def n_graph_inputs(data: DataSpec) -> int:
    """Return how many inputs a graph has: numbers, and one for each category.

    Example:
        >>> table = DataSpec(
        ...     task="regression", input_shape=(5,), n_outputs=1, n_train=100, cardinalities=(3, 12)
        ... )
        >>> n_graph_inputs(table)
        18
    """
    return data.n_inputs - len(data.cardinalities) + sum(data.cardinalities)


def minimal_graph(
    input_shape: Sequence[int], n_outputs: int, *, cardinalities: Sequence[int] = ()
) -> str:
    """Return the graph that a module has where none is given: that of the default configuration.

    It is empty for a shape or a number of outputs that is none, which is for others to refuse.
    """
    numbers = [*input_shape, n_outputs, *cardinalities]
    if not all(type(number) is int and number >= 1 for number in numbers):
        return ""
    n_inputs = math.prod(input_shape) - len(cardinalities) + sum(cardinalities)
    return _graph(n_inputs, n_outputs).default_value() if n_inputs >= 1 else ""


def _graph(n_inputs: int, n_outputs: int) -> Graph:
    is_small = n_inputs * n_outputs <= MOST_AT_FIRST
    return Graph(n_inputs, n_outputs, initial="full" if is_small else "none")


def _check(data: DataSpec) -> None:
    check_data(data, family="graph")
    check_cardinalities(data)


__all__ = [
    "MODULE",
    "MUTABLE",
    "data_arguments",
    "legal_domains",
    "minimal_graph",
    "n_graph_inputs",
    "search_space",
]
