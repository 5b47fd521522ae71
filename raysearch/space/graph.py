"""Which evolved networks may a parameter hold? Feed-forward graphs of any topology.

A value is the text of a genome (see `genome`), so that it is plain and comparable. Graphs have no
order and no end: they have no place on the unit interval, no vector and no grid. Searches that need
one of those refuse spaces with a Graph; what works on samples, mutations and crossover takes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from raysearch.errors import ConfigurationError
from raysearch.space import kinship, mutations
from raysearch.space.domain import Domain, covers_each, raise_faults
from raysearch.space.genome import Genome
from raysearch.space.genome_reading import read_genome, written
from raysearch.space.graph_faults import argument_faults, limit_faults
from raysearch.space.mutations import Limits, Rates
from raysearch.space.values import type_name
from raysearch.space.when import When, conditions_of
from raysearch.trial import Value

if TYPE_CHECKING:
    import numpy as np

DEFAULT_ACTIVATIONS = ("tanh", "relu", "sigmoid")

GROWTH = 0.2
"""Chance that a sampled graph stops to grow, after each mutation: four of them on average."""

STEPS_OF_SCALE = 5.0
"""Standard deviation of a weight's step in `mutate`, for a `scale` of 1, in units of weight_scale:
with the usual scale of 0.1 that is half the deviation of new weights."""


_NO_PLACE = (
    "A graph has no place on the unit interval, and so no vector. Fix the graph, or use a searcher "
    "that samples or evolves, such as neat."
)


@dataclass(frozen=True, slots=True)
class Graph(Domain):
    """Feed-forward graphs with a number of inputs and outputs: the genomes of NEAT.

    The default is the minimal graph: no hidden node, all weights 0. A sample is the minimal graph
    with weights drawn, and a few mutations of its structure.

    Args:
        n_inputs: Numbers in an example, at least 1.
        n_outputs: Numbers that the network gives, at least 1.
        max_hidden: Hidden nodes at most, at least 0.
        max_connections: Connections at most, disabled ones included; at least those of the minimal
            graph.
        activations: What hidden nodes may do with their sums; one or more of `genome.ACTIVATIONS`.
        initial: "full": in the minimal graph each input is connected to each output, as in the
            paper. "none": it has no connections, and what begins from it gets one for each output
            (Whiteson et al., 2005); for many inputs.
        weight_scale: Standard deviation of new weights and biases, above 0; by default that with
            which the sum of the inputs' weights has the size of one input: 1 / sqrt(n_inputs).
        weight_limit: Size of weights and biases at most, at least 1: the weight of a connection
            into a new node.
        default: Another default than the minimal graph.
        when: Conditions under which the parameter is active.

    Raises:
        ConfigurationError: With all that is wrong with the arguments.

    Example:
        >>> graph = Graph(2, 1)
        >>> graph.default_value()
        '{"inputs":2,"outputs":1,"nodes":[[2,"identity",0.0]],"connections":[[0,2,0.0,1],[1,2,0.0,1]]}'
        >>> graph.describe()
        'graphs, 2 inputs to 1 output, up to 100 hidden nodes and 10000 connections'
    """

    has_places: ClassVar[bool] = False

    n_inputs: int
    n_outputs: int
    max_hidden: int = 100
    max_connections: int = 10_000
    activations: tuple[str, ...] = DEFAULT_ACTIVATIONS
    initial: str = "full"
    weight_scale: float | None = None
    weight_limit: float = 30.0
    default: str | None = None
    when: When = None

    def __post_init__(self) -> None:
        faults = argument_faults(self)
        if not faults:
            if self.weight_scale is None:
                object.__setattr__(self, "weight_scale", round(1 / math.sqrt(self.n_inputs), 4))
            object.__setattr__(self, "activations", tuple(self.activations))
            if self.default is not None and not self.contains(self.default):
                faults.append(f"default: {self.refusal(self.default)}")
        object.__setattr__(self, "when", conditions_of(self.when, faults=faults))
        raise_faults(faults)

    # ---- what every domain has

    def sample(self, rng: np.random.Generator) -> str:
        """Return the minimal graph with weights drawn, and its structure mutated a few times."""
        genome = self._founder(rng)
        while rng.random() >= GROWTH:
            genome = mutations.grown(genome, rng, limits=self._limits)
        return written(genome)

    def contains(self, value: object) -> bool:
        """Return whether the value is the text of a genome within the limits."""
        return not self._faults(value)

    def refusal(self, value: object) -> str:
        """Return why a value is not legal: which of its nodes or connections is wrong."""
        return " ".join(self._faults(value))

    def default_value(self) -> str:
        """Return the default: the given one, else the minimal graph."""
        return self.minimal.text if self.default is None else self.canonical(self.default)

    def to_unit(self, value: Any) -> NoReturn:
        """Refuse: a graph has no place on the unit interval.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError(_NO_PLACE)

    def from_unit(self, u: float) -> NoReturn:
        """Refuse: no place on the unit interval stands for a graph.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError(_NO_PLACE)

    def grid(self, points: int | None = None) -> Iterator[Value]:
        """Refuse: graphs have no order, and a few of them stand for no others.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError(
            "Graphs have no grid: there are infinitely many, in no order. Fix the graph, or use a "
            "searcher that samples or evolves, such as neat."
        )

    def size(self) -> None:
        """Return None: there are infinitely many."""
        return

    def covers(self, other: Domain) -> bool:
        """Return whether every value of the other domain is legal here."""
        if not isinstance(other, Graph):
            return covers_each(self, other)
        return (
            (self.n_inputs, self.n_outputs) == (other.n_inputs, other.n_outputs)
            and self.max_hidden >= other.max_hidden
            and self.max_connections >= other.max_connections
            and self.weight_limit >= other.weight_limit
            and set(self.activations) >= set(other.activations)
        )

    def mutate(self, value: Any, rng: np.random.Generator, scale: float) -> str:
        """Return a graph with one mutation: of its weights with an even chance, else its structure.

        Args:
            value: The graph.
            rng: Governs the draws.
            scale: A tenth of it is usual; see `STEPS_OF_SCALE`.
        """
        genome, limits = read_genome(value), self._limits
        if rng.random() >= 0.5:
            return written(mutations.grown(genome, rng, limits=limits))
        power = STEPS_OF_SCALE * scale
        return written(mutations.perturbed(genome, rng, limits=limits, power=power))

    def describe(self) -> str:
        """Return a short text with the limits."""
        inputs = f"{self.n_inputs} input{'' if self.n_inputs == 1 else 's'}"
        outputs = f"{self.n_outputs} output{'' if self.n_outputs == 1 else 's'}"
        return (
            f"graphs, {inputs} to {outputs}, up to {self.max_hidden} hidden nodes and "
            f"{self.max_connections} connections"
        )

    def canonical(self, value: Any) -> str:
        """Return the text of the same graph with genes in order and numbers rounded."""
        return read_genome(value).text

    def crossover(self, one: Any, other: Any, rng: np.random.Generator) -> str:
        """Return a child with the structure of either parent, with equal chances; see `bred`."""
        parents = (one, other) if rng.random() < 0.5 else (other, one)
        return self.bred(*parents, rng)

    # ---- evolution

    @property
    def minimal(self) -> Genome:
        """The smallest graph, with all weights 0."""
        return mutations.minimal(self.n_inputs, self.n_outputs, is_connected=self.initial == "full")

    def founder(self, rng: np.random.Generator) -> str:
        """Return the minimal graph with weights drawn: what evolution begins from."""
        return written(self._founder(rng))

    def evolved(self, value: str, rng: np.random.Generator, *, rates: Rates) -> str:
        """Return the graph after those mutations that take place; the same if none does."""
        return written(mutations.evolved(read_genome(value), rng, limits=self._limits, rates=rates))

    def bred(self, fitter: str, other: str, rng: np.random.Generator) -> str:
        """Return a child with the fitter one's structure, genes aligned by innovation numbers."""
        return written(kinship.crossover(read_genome(fitter), read_genome(other), rng))

    def distance(self, one: str, other: str, *, structure: float, weights: float) -> float:
        """Return how incompatible two graphs are; see `kinship.distance`."""
        return kinship.distance(
            read_genome(one),
            read_genome(other),
            structure=structure,
            weights=weights,
            scale=self._limits.scale,
        )

    def learnt(self, value: object) -> str | None:
        """Return a graph as training left it, its numbers within the limit; None if it is none."""
        try:
            genome = read_genome(value) if isinstance(value, str) else None
        except ConfigurationError:
            return None
        if genome is None:
            return None
        limit = self.weight_limit
        weights = [max(-limit, min(gene.weight, limit)) for gene in genome.connections]
        biases = [max(-limit, min(node.bias, limit)) for node in genome.nodes]
        text = written(mutations.with_numbers(genome, weights=weights, biases=biases))
        return text if self.contains(text) else None

    @property
    def _limits(self) -> Limits:
        return Limits(
            activations=self.activations,
            max_hidden=self.max_hidden,
            max_connections=self.max_connections,
            scale=self.weight_scale or 1.0,  # which the constructor has filled in
            limit=self.weight_limit,
        )

    def _founder(self, rng: np.random.Generator) -> Genome:
        is_connected = self.initial == "full"
        return mutations.founder(
            self.n_inputs, self.n_outputs, rng, is_connected=is_connected, limits=self._limits
        )

    def _faults(self, value: object) -> list[str]:
        if type(value) is not str:
            return [f"A graph is written as text, and this is {type_name(value)}."]
        try:
            return limit_faults(read_genome(value), self)
        except ConfigurationError as error:
            return list(error.faults)
