"""Which arguments of a Graph are wrong, and which genomes go beyond its limits?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from raysearch.checks import integer_fault, number_fault
from raysearch.errors import did_you_mean, unknown_name
from raysearch.space.genome import ACTIVATIONS, Genome, rounded
from raysearch.space.values import show, type_name

if TYPE_CHECKING:
    from raysearch.space.graph import Graph

INITIAL = ("full", "none")
"""What the minimal graph connects."""

SMALLEST = 1e-6
"""Scale of weights."""

MOST_FAULTS = 5
"""Nodes and connections beyond the limits that are listed."""


def argument_faults(graph: Graph) -> list[str]:
    """Return what is wrong with the arguments of a graph, its default left out."""
    faults = [
        integer_fault("n_inputs", graph.n_inputs, at_least=1),
        integer_fault("n_outputs", graph.n_outputs, at_least=1),
        integer_fault("max_hidden", graph.max_hidden, at_least=0),
        integer_fault("max_connections", graph.max_connections, at_least=1),
        None
        if graph.weight_scale is None
        else number_fault("weight_scale", graph.weight_scale, at_least=SMALLEST),
        number_fault("weight_limit", graph.weight_limit, at_least=1),
        *_activation_faults(graph.activations),
    ]
    if graph.initial not in INITIAL:
        hint = did_you_mean(str(graph.initial), INITIAL)
        faults.append(f"initial is {show(graph.initial)}. {hint}Valid: {', '.join(INITIAL)}.")
    found = [fault for fault in faults if fault is not None]
    n_first = 0 if found or graph.initial == "none" else graph.n_inputs * graph.n_outputs
    if not found and n_first > graph.max_connections:
        found.append(
            f"max_connections is {graph.max_connections}, but the minimal graph has {n_first}: "
            f"each of {graph.n_inputs} inputs to each of {graph.n_outputs} outputs. Raise it, or "
            "begin without connections (initial: none)."
        )
    return found


def _activation_faults(activations: object) -> Iterator[str]:
    if not isinstance(activations, list | tuple) or not activations:
        what = "empty" if activations in ([], ()) else type_name(activations)
        yield f"activations is {what}. List one or more of {', '.join(ACTIVATIONS)}."
        return
    for name in activations:
        if name not in ACTIVATIONS:
            yield unknown_name(str(name), kind="an activation of graphs", valid=ACTIVATIONS)
    if len(set(map(str, activations))) < len(activations):
        yield "activations names one twice. Name each once."


def limit_faults(genome: Genome, graph: Graph) -> list[str]:
    """Return what of a genome goes beyond the limits of a graph."""
    faults = list(_size_faults(genome, graph)) or list(_gene_faults(genome, graph))
    more = len(faults) - MOST_FAULTS
    return faults[:MOST_FAULTS] + ([f"And {more} faults more."] if more > 0 else [])


def _size_faults(genome: Genome, graph: Graph) -> Iterator[str]:
    for name, found, wanted in (
        ("inputs", genome.n_inputs, graph.n_inputs),
        ("outputs", genome.n_outputs, graph.n_outputs),
    ):
        if found != wanted:
            yield f"The graph has {found} {name}, and {wanted} are needed."
    for name, count, most in (
        ("hidden nodes", len(genome.hidden), graph.max_hidden),
        ("connections", len(genome.connections), graph.max_connections),
    ):
        if count > most:
            yield f"The graph has {count} {name}, and may have {most}. Take some out."


def _gene_faults(genome: Genome, graph: Graph) -> Iterator[str]:
    limit = rounded(graph.weight_limit)  # numbers that are cut off there are rounded, too
    for node in genome.hidden:
        if node.activation not in graph.activations:
            allowed = ", ".join(graph.activations)
            yield f"node {node.id} has activation {node.activation}. Here it may be {allowed}."
    for node in genome.nodes:
        if abs(node.bias) > limit:
            yield f"node {node.id} has bias {show(node.bias)}. It may be {-limit} to {limit}."
    for gene in genome.connections:
        if abs(gene.weight) > limit:
            yield (
                f"connection {gene.source} -> {gene.target} has weight {show(gene.weight)}. It may "
                f"be {-limit} to {limit}."
            )
