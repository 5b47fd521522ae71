"""Is a text a genome, and if not, which of its nodes or connections is wrong?"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.errors import ConfigurationError, did_you_mean
from raysearch.space.genome import (
    ACTIVATIONS,
    OUTPUT,
    Connection,
    Genome,
    Node,
    genome_of,
    levels,
)
from raysearch.space.values import show, type_name

MOST_FAULTS = 5
"""Faults of a genome that are listed."""

_KEYS = ("inputs", "outputs", "nodes", "connections")
_EXAMPLE = (
    '{"inputs":2,"outputs":1,"nodes":[[2,"identity",0.0]],"connections":[[0,2,0.5,1],[1,2,0.5,1]]}'
)


_known: OrderedDict[str, Genome] = OrderedDict()
"""The genomes that were read or written last: one is looked at many times between suggestions."""

_MOST_KNOWN = 256


def written(genome: Genome) -> str:
    """Return the text of a genome that was made of others, and so need not be checked when read."""
    text = genome.text
    _know(text, genome)
    return text


def read_genome(text: str) -> Genome:
    """Return the genome that a text describes.

    Raises:
        ConfigurationError: It describes none; with up to five of its faults, each with the node or
            the connection that is wrong.

    Example:
        >>> nodes = '"inputs":1,"outputs":1,"nodes":[[1,"identity",0]]'
        >>> read_genome(f'{{{nodes},"connections":[[0,7,1,1]]}}')
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: connection 0 -> 7 leads to 7, which is no node of the
        graph. Nodes are 0 (an input) and 1.
    """
    known = _known.get(text)
    if known is not None:
        _known.move_to_end(text)
        return known
    genome = _read(text)
    _know(text, genome)
    return genome


def _know(text: str, genome: Genome) -> None:
    _known[text] = genome
    if len(_known) > _MOST_KNOWN:
        _known.popitem(last=False)


def _read(text: str) -> Genome:
    given = _mapping(text)
    faults = list(_node_faults(given)) + list(_connection_shape_faults(given))
    if not faults:
        faults = list(_connection_faults(given))
    if faults:
        more = len(faults) - MOST_FAULTS
        listed = faults[:MOST_FAULTS] + ([f"And {more} faults more."] if more > 0 else [])
        raise ConfigurationError(listed)
    genome = genome_of(
        given["inputs"],
        given["outputs"],
        (Node(id, activation, float(bias)) for id, activation, bias in given["nodes"]),
        (Connection(s, t, float(w), bool(e)) for s, t, w, e in given["connections"]),
    )
    if levels(genome.n_inputs, genome.connections) is None:
        raise ConfigurationError(
            f"The connections {_cycle(genome)} are a cycle, and a graph must be feed-forward, also "
            "if all its connections were enabled. Take one of them out."
        )
    return genome


def _mapping(text: str) -> dict[str, Any]:
    try:
        written = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{_short(text)} is no graph: it is not JSON ({error}). Write it like {_EXAMPLE}."
        ) from None
    if not isinstance(written, dict) or set(written) != set(_KEYS):
        raise ConfigurationError(
            f"{_short(text)} is no graph: it must have {', '.join(_KEYS)}, and nothing else. Write "
            f"it like {_EXAMPLE}."
        )
    faults = [
        integer_fault(f"{key} of the graph", written[key], at_least=1) for key in _KEYS[:2]
    ] + [
        f"{key} of the graph is {show(written[key])}. It must be a list."
        for key in _KEYS[2:]
        if not isinstance(written[key], list)
    ]
    raise_faults(*faults)
    return written


def _short(text: str) -> str:
    return show(text if len(text) <= 40 else f"{text[:37]}...")


def _node_faults(written: dict[str, Any]) -> Iterator[str]:
    first = written["inputs"] + written["outputs"]
    outputs = range(written["inputs"], first)
    seen: set[int] = set()
    for position, entry in enumerate(written["nodes"]):
        if not isinstance(entry, list) or len(entry) != 3 or type(entry[0]) is not int:
            right = 'Write [id, activation, bias], such as [7, "tanh", 0.0].'
            yield f"entry {position} of nodes is {show(entry)}. {right}"
            continue
        node, activation, bias = entry
        if node < written["inputs"]:
            yield f"node {node} has a gene, but nodes below {written['inputs']} are inputs."
        if node in seen:
            yield f"node {node} is there twice. Every node has one gene."
        seen.add(node)
        if node in outputs and activation != OUTPUT:
            yield (
                f"node {node} is an output with activation {show(activation)}. Outputs are sums: "
                f"write {OUTPUT}."
            )
        elif activation not in ACTIVATIONS:
            hint = did_you_mean(str(activation), ACTIVATIONS)
            known = ", ".join(ACTIVATIONS)
            yield f"node {node} has activation {show(activation)}. {hint}Valid: {known}."
        if not _is_number(bias):
            yield f"node {node} has bias {show(bias)}, {type_name(bias)}. Give a finite number."
    missing = [node for node in outputs if node not in seen]
    if missing:
        yield f"output {missing[0]} has no gene. Outputs are {outputs[0]} to {outputs[-1]}."


def _connection_shape_faults(written: dict[str, Any]) -> Iterator[str]:
    for position, entry in enumerate(written["connections"]):
        is_gene = isinstance(entry, list) and len(entry) == 4
        if not is_gene or type(entry[0]) is not int or type(entry[1]) is not int:
            right = "Write [source, target, weight, 1 if it is enabled else 0]."
            yield f"entry {position} of connections is {show(entry)}. {right}"


def _connection_faults(written: dict[str, Any]) -> Iterator[str]:
    n_inputs = written["inputs"]
    outputs = range(n_inputs, n_inputs + written["outputs"])
    nodes = {*range(n_inputs), *(node for node, *_ in written["nodes"])}
    shown = f"Nodes are 0 to {n_inputs - 1} (inputs)" if n_inputs > 1 else "Nodes are 0 (an input)"
    known = f"{shown} and {', '.join(map(str, sorted(nodes)[n_inputs:][:MOST_FAULTS]))}"
    known += "." if len(nodes) - n_inputs <= MOST_FAULTS else " and others."
    seen: set[tuple[int, int]] = set()
    for source, target, weight, enabled in written["connections"]:
        name = f"connection {source} -> {target}"
        if source not in nodes:
            yield f"{name} comes from {source}, which is no node of the graph. {known}"
        if target not in nodes:
            yield f"{name} leads to {target}, which is no node of the graph. {known}"
        if source in outputs:
            yield f"{name} comes from an output. Only inputs and hidden nodes have targets."
        if 0 <= target < n_inputs:
            yield f"{name} leads to an input. Only hidden nodes and outputs have sources."
        if (source, target) in seen:
            yield f"{name} is there twice. Two nodes have one connection at most."
        seen.add((source, target))
        if not _is_number(weight):
            yield f"{name} has weight {show(weight)}, {type_name(weight)}. Give a finite number."
        if enabled not in (0, 1):
            yield f"{name} is enabled: {show(enabled)}. Give 1 or 0."


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _cycle(genome: Genome) -> str:
    """Return the connections of one cycle, such as "3 -> 5 -> 3"."""
    targets: dict[int, list[int]] = {}
    for source, target, *_ in genome.connections:
        targets.setdefault(source, []).append(target)
    dead: set[int] = set()  # nodes from which every way ends

    for start in targets:
        way = [start]
        while way:
            onwards = next((t for t in targets.get(way[-1], ()) if t not in dead), None)
            if onwards is None:
                dead.add(way.pop())
            elif onwards in way:
                return " -> ".join(map(str, [*way[way.index(onwards) :], onwards]))
            else:
                way.append(onwards)
    raise ValueError("there is no cycle")
