"""How does a genome begin, and how does it change?

Each mutation returns another genome, or None where it has nowhere to take place. The genomes stay
feed-forward: what would close a cycle is not added.

References:
    Stanley and Miikkulainen, "Evolving Neural Networks through Augmenting Topologies",
    Evolutionary Computation 10(2), 2002, section 3.1.
    Whiteson et al., "Automatic Feature Selection in Neuroevolution", GECCO 2005 (beginning without
    connections).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raysearch.space.genome import OUTPUT, Connection, Genome, Node, genome_of, split_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_ATTEMPTS = 20
"""Pairs of nodes that are drawn until a new connection is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which genomes there may be, and how their numbers are drawn."""

    activations: tuple[str, ...]
    """Of hidden nodes."""
    max_hidden: int
    """Hidden nodes at most."""
    max_connections: int
    """Connections at most, disabled ones included."""
    scale: float
    """Standard deviation of new weights and biases, around 0."""
    limit: float
    """Size of weights and biases at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """With which chance each mutation takes place in a child; several may.

    All but that of activations, which are all equal in the paper, are the paper's.
    """

    node: float = 0.03
    connection: float = 0.05
    toggle: float = 0.01
    activation: float = 0.02
    weights: float = 0.8


POWER = 0.5
"""Standard deviation of a change of a weight, in units of that of new ones."""

REPLACED = 0.1
"""Share of the weights that are drawn anew where weights change."""


def minimal(n_inputs: int, n_outputs: int, *, is_connected: bool) -> Genome:
    """Return the smallest genome: no hidden node, and each input connected to each output, or none.

    Weights and biases are zero.
    """
    outputs = range(n_inputs, n_inputs + n_outputs)
    pairs = [(s, t) for s in range(n_inputs) for t in outputs] if is_connected else []
    return genome_of(
        n_inputs,
        n_outputs,
        (Node(output, OUTPUT, 0.0) for output in outputs),
        (Connection(source, target, 0.0, True) for source, target in pairs),
    )


def with_numbers(genome: Genome, *, weights: Sequence[float], biases: Sequence[float]) -> Genome:
    """Return the genome with other numbers, in the order of its connections and nodes."""
    return genome_of(
        genome.n_inputs,
        genome.n_outputs,
        (Node(n.id, n.activation, bias) for n, bias in zip(genome.nodes, biases, strict=True)),
        (
            Connection(gene.source, gene.target, weight, gene.is_enabled)
            for gene, weight in zip(genome.connections, weights, strict=True)
        ),
    )


def founder(
    n_inputs: int, n_outputs: int, rng: np.random.Generator, *, is_connected: bool, limits: Limits
) -> Genome:
    """Return the minimal genome with numbers drawn: what evolution begins from.

    Where the minimal genome has no connections, each output gets one from an input that is drawn.
    """
    genome = minimal(n_inputs, n_outputs, is_connected=is_connected)
    if not is_connected:
        sources = rng.integers(n_inputs, size=n_outputs).tolist()
        pairs = zip(sources, genome.nodes, strict=True)
        genes = [Connection(source, output.id, 0.0, True) for source, output in pairs]
        genome = _changed(genome, connections=genes[: limits.max_connections])
    n = len(genome.connections)
    numbers = _kept(rng.normal(0.0, limits.scale, n + n_outputs), limits)
    return with_numbers(genome, weights=numbers[:n], biases=numbers[n:])


def perturbed(
    genome: Genome, rng: np.random.Generator, *, limits: Limits, power: float = POWER
) -> Genome:
    """Return the genome with every weight and bias moved a little, and some of them drawn anew."""
    import numpy as np  # here, since it takes longer to import than all of this package

    n = len(genome.connections)
    old = np.array([*(c.weight for c in genome.connections), *(m.bias for m in genome.nodes)])
    moved = old + rng.normal(0.0, power * limits.scale, old.size)
    is_new = rng.random(old.size) < REPLACED
    moved[is_new] = rng.normal(0.0, limits.scale, int(is_new.sum()))
    numbers = _kept(moved, limits)
    return with_numbers(genome, weights=numbers[:n], biases=numbers[n:])


def _kept(numbers: NDArray[np.float64], limits: Limits) -> list[float]:
    kept: list[float] = numbers.clip(-limits.limit, limits.limit).tolist()
    return kept


def with_connection(genome: Genome, rng: np.random.Generator, *, limits: Limits) -> Genome | None:
    """Return the genome with a connection more, of two nodes that had none; its weight is drawn."""
    if len(genome.connections) >= limits.max_connections:
        return None
    sources = [*range(genome.n_inputs), *(node.id for node in genome.hidden)]
    known = {gene.ends for gene in genome.connections}
    for _ in range(N_ATTEMPTS):
        source = sources[int(rng.integers(len(sources)))]
        target = genome.nodes[int(rng.integers(len(genome.nodes)))].id
        if source == target or (source, target) in known or _leads(genome, target, to=source):
            continue
        (weight,) = _kept(rng.normal(0.0, limits.scale, 1), limits)
        gene = Connection(source, target, weight, True)
        return _changed(genome, connections=[*genome.connections, gene])
    return None


def _leads(genome: Genome, start: int, *, to: int) -> bool:
    """Return whether connections lead from one node to another, enabled or not."""
    if to < genome.n_inputs:
        return False
    targets: dict[int, list[int]] = {}
    for source, target, *_ in genome.connections:
        targets.setdefault(source, []).append(target)
    ready, seen = [start], {start}
    while ready:
        for target in targets.get(ready.pop(), ()):
            if target == to:
                return True
            if target not in seen:
                seen.add(target)
                ready.append(target)
    return False


def with_node(genome: Genome, rng: np.random.Generator, *, limits: Limits) -> Genome | None:
    """Return the genome with an enabled connection split by a new node.

    The old connection is disabled. The one into the node has weight 1, the one out of it the old
    weight, so that the network changes little at first.
    """
    enabled = [gene for gene in genome.connections if gene.is_enabled]
    has_room = len(genome.connections) + 2 <= limits.max_connections
    if not enabled or not has_room or len(genome.hidden) >= limits.max_hidden:
        return None
    old = enabled[int(rng.integers(len(enabled)))]
    first = genome.n_inputs + genome.n_outputs
    node = split_id(old, taken=(node.id for node in genome.nodes), first=first)
    activation = limits.activations[int(rng.integers(len(limits.activations)))]
    return _changed(
        genome,
        nodes=[*genome.nodes, Node(node, activation, 0.0)],
        connections=[
            *(gene for gene in genome.connections if gene is not old),
            old._replace(is_enabled=False),
            Connection(old.source, node, 1.0, True),
            Connection(node, old.target, old.weight, True),
        ],
    )


def toggled(genome: Genome, rng: np.random.Generator, *, limits: Limits) -> Genome | None:
    """Return the genome with a connection enabled that was disabled, or the other way round."""
    if not genome.connections:
        return None
    chosen = int(rng.integers(len(genome.connections)))
    genes = list(genome.connections)
    genes[chosen] = genes[chosen]._replace(is_enabled=not genes[chosen].is_enabled)
    return _changed(genome, connections=genes)


def with_activation(genome: Genome, rng: np.random.Generator, *, limits: Limits) -> Genome | None:
    """Return the genome with another activation in a hidden node."""
    if not genome.hidden:
        return None
    node = genome.hidden[int(rng.integers(len(genome.hidden)))]
    others = [name for name in limits.activations if name != node.activation]
    if not others:
        return None
    changed = node._replace(activation=others[int(rng.integers(len(others)))])
    return _changed(genome, nodes=[changed if each is node else each for each in genome.nodes])


Mutation = Callable[..., Genome | None]
"""(genome, rng, limits=...) -> another genome, or None where it has nowhere to take place."""

_STRUCTURAL: dict[str, Mutation] = {
    "node": with_node,
    "connection": with_connection,
    "toggle": toggled,
    "activation": with_activation,
}
"""Field of `Rates` -> mutation."""


def grown(genome: Genome, rng: np.random.Generator, *, limits: Limits) -> Genome:
    """Return the genome with one mutation of its structure; of its weights where none has room."""
    mutations = list(_STRUCTURAL.values())
    for index in map(int, rng.permutation(len(mutations))):
        found = mutations[index](genome, rng, limits=limits)
        if found is not None:
            return found
    return perturbed(genome, rng, limits=limits)


def evolved(genome: Genome, rng: np.random.Generator, *, limits: Limits, rates: Rates) -> Genome:
    """Return the genome after those mutations that take place; the same one if none does."""
    for name, mutation in _STRUCTURAL.items():
        if rng.random() < getattr(rates, name):
            genome = mutation(genome, rng, limits=limits) or genome
    return perturbed(genome, rng, limits=limits) if rng.random() < rates.weights else genome


def _changed(
    genome: Genome,
    *,
    nodes: Sequence[Node] | None = None,
    connections: Sequence[Connection] | None = None,
) -> Genome:
    return genome_of(
        genome.n_inputs,
        genome.n_outputs,
        genome.nodes if nodes is None else nodes,
        genome.connections if connections is None else connections,
    )
