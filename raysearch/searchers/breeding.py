"""How are configurations with graphs founded, mutated and crossed over?

Graphs change as NEAT has it, by mutations with a chance each and by crossover along innovation
numbers; all other parameters by the operators of the space.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from raysearch.space import Graph, Space
from raysearch.space.mutations import Rates
from raysearch.trial import Configuration, Value

if TYPE_CHECKING:
    import numpy as np

STRUCTURE, WEIGHTS = 1.0, 0.4
"""The paper's c1 and c2, and c3."""


class Breeder:
    """Breeds configurations of one space.

    Args:
        space: The search space; no condition in it depends on a graph.
        rates: Chances of the mutations of graphs.
        change_others: Chance that one of the other parameters changes in a mutation.
    """

    def __init__(self, space: Space, *, rates: Rates, change_others: float) -> None:
        self._space = space
        self._rates = rates
        self._change_others = change_others
        self._keys = frozenset(p.key for p in space.parameters if isinstance(p.domain, Graph))
        self._others = space.without(self._keys)

    def founder(self, rng: np.random.Generator) -> dict[str, Value]:
        """Return minimal graphs with random weights, and other parameters as the space has them."""
        return self._assembled(self._others.sample(rng), {}, rng)

    def mutated(self, configuration: Configuration, rng: np.random.Generator) -> dict[str, Value]:
        """Return the configuration after those mutations that take place."""
        plain = self._plain(configuration)
        if rng.random() < self._change_others:
            plain = self._others.mutate(plain, rng)
        old = self._graphs(configuration)
        graphs = {
            key: graph.evolved(old[key], rng, rates=self._rates)
            for key, graph in self._domains(plain).items()
            if key in old
        }
        return self._assembled(plain, graphs, rng)

    def crossed(
        self, fitter: Configuration, weaker: Configuration, rng: np.random.Generator
    ) -> dict[str, Value]:
        """Return a child of two configurations, whose graphs have the fitter one's structure."""
        plain = self._others.crossover(self._plain(fitter), self._plain(weaker), rng)
        domains, theirs = self._domains(fitter), self._graphs(weaker)
        graphs = {
            key: domains[key].bred(graph, theirs[key], rng) if key in theirs else graph
            for key, graph in self._graphs(fitter).items()
        }
        return self._assembled(plain, {**theirs, **graphs}, rng)

    def distance(self, one: Configuration, other: Configuration) -> float:
        """Return how far two configurations' graphs are apart; infinitely, of two families."""
        mine, theirs = self._domains(one), self._domains(other)
        if mine != theirs:
            return math.inf
        return sum(
            graph.distance(str(one[key]), str(other[key]), structure=STRUCTURE, weights=WEIGHTS)
            for key, graph in mine.items()
        )

    def learnt(self, configuration: Configuration, told: Mapping[str, Value]) -> dict[str, str]:
        """Return the graphs that training has changed, by key.

        Args:
            configuration: What was trained.
            told: Graphs as training left them, by argument of the model: the last part of a key.
        """
        found = {}
        for key, graph in self._domains(configuration).items():
            learnt = graph.learnt(told.get(key.rpartition(".")[2]))
            if learnt is not None and learnt != configuration[key]:
                found[key] = learnt
        return found

    def _domains(self, configuration: Configuration) -> dict[str, Graph]:
        """Return the graphs that are active in a configuration."""
        return {
            parameter.key: parameter.domain
            for parameter in self._space.parameters
            if isinstance(parameter.domain, Graph) and parameter.is_active(configuration)
        }

    def _plain(self, configuration: Configuration) -> dict[str, Value]:
        return {key: value for key, value in configuration.items() if key not in self._keys}

    def _graphs(self, configuration: Configuration) -> dict[str, str]:
        return {key: str(configuration[key]) for key in self._domains(configuration)}

    def _assembled(
        self, plain: Mapping[str, Value], graphs: Mapping[str, str], rng: np.random.Generator
    ) -> dict[str, Value]:
        """Return a configuration of both, in the order of the space; missing graphs are founded."""
        child: dict[str, Value] = {}
        for parameter in self._space.parameters:
            if not parameter.is_active(child):
                continue
            domain, key = parameter.domain, parameter.key
            if isinstance(domain, Graph):
                is_known = key in graphs and domain.contains(graphs[key])
                child[key] = graphs[key] if is_known else domain.founder(rng)
            else:
                child[key] = plain[key]
        return child
