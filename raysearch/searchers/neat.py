"""Which graph comes next, if topologies and weights evolve together? NEAT.

NeuroEvolution of Augmenting Topologies begins with minimal networks and lets them grow by mutation.
Innovation numbers align the genes of two networks for crossover, and species keep a new structure
from competing with old ones before its weights have settled.

References:
    Stanley and Miikkulainen, "Evolving Neural Networks through Augmenting Topologies",
    Evolutionary Computation 10(2), 2002.
    Stanley, Bryant and Miikkulainen, "Real-time Neuroevolution in the NERO Video Game", IEEE
    Transactions on Evolutionary Computation 9(6), 2005 (a threshold that follows the number of
    species).
    Whitley, Gordon and Mathias, "Lamarckian Evolution, the Baldwin Effect and Function
    Optimization", PPSN 1994 (whether children inherit what was learnt).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.breeding import Breeder
from raysearch.searchers.ranking import rank
from raysearch.searchers.speciation import Member, Place, Population, Rules
from raysearch.searchers.tried import Tried, key, suggest_untried
from raysearch.space import Space
from raysearch.space.mutations import Rates
from raysearch.trial import Objective, Suggestion, Trial, Value

if TYPE_CHECKING:
    import numpy as np

N_ATTEMPTS = 20
"""Children that were tried before until a random configuration is taken instead."""

INTERSPECIES = 0.001
"""Chance that the other parent is of another species."""

Proposal = tuple[dict[str, Value], dict[str, Any]]
"""A configuration, and where it comes from."""


class Neat:
    """Evolves the graphs of a space, with all its other parameters.

    The first `population` trials, the default and the points of a user among them, are founders:
    minimal graphs with random weights. Each later one is the child of the latest generation that
    is complete, which are `population` trials in the order in which they ended, and the champions
    of the species before. With `parallel: 1` these are the paper's generations. With more workers
    nobody waits for the last trials of a generation: the next ones are bred from the generation
    before, and a trial counts in the generation in which it ends, as in a steady state.

    A species of more than five members keeps its champion, with the value that it has: no trial is
    spent to measure it again. Fitness is the rank of a trial (see `ranking.rank`), so a trial that
    was stopped early counts less than any full one, and one that failed has no children; species
    share it. Graphs change by the paper's mutations (`mutations.Rates`) and crossover (`kinship`),
    all other parameters by those of the space.

    With `inheritance: lamarckian` a child has the weights that its parents' trials ended with in
    their best epoch, where their model tells them (`Measurement.learnt`); and the champion of a
    species gets a place of its own to learn on. With "baldwinian" a child has the weights that its
    parents began with, and what they learnt counts for their fitness alone. What was learnt stands
    in the journal, so that a search that goes on breeds the same children.

    Of a long history, the present generation is kept, and which configurations were tried. On a
    space without a Graph, which `check` refuses, only the other parameters evolve.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator.
        population: Trials of a generation, at least 5. The paper has 150.
        inheritance: "lamarckian" or "baldwinian".
        n_species: Species that the threshold of compatibility aims at, at least 1.
        threshold: Distance at first up to which a graph belongs to a species, above 0 (the paper's
            delta_t): a connection that one of two graphs lacks counts 1. It moves by 0.3 a
            generation.
        survival: Share of each species that has children, above 0 to 1.
        crossover: Chance that a child has two parents, 0 to 1.
        stagnation: Generations without progress after which a species has no children, at least 1.
        add_node: Chance that a connection of a child is split by a new node, 0 to 1.
        add_connection: Chance that a child gets a connection, 0 to 1.
        change_weights: Chance that the weights of a child change, 0 to 1.
        change_others: Chance that one of the other parameters changes in a child, 0 to 1.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.

    Example:
        >>> from raysearch.space import Graph
        >>> objective = Objective(metric="val/loss", direction="minimize")
        >>> searcher = Neat(Space({"graph": Graph(2, 1)}), objective=objective, seed=0)
        >>> searcher.suggest(number=1, pending=[]).origin
        {'kind': 'founder', 'generation': 0}
    """

    needs_graphs: ClassVar[bool] = True

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        population: int = 50,
        inheritance: str = "lamarckian",
        n_species: int = 5,
        threshold: float = 3.0,
        survival: float = 0.2,
        crossover: float = 0.75,
        stagnation: int = 15,
        add_node: float = 0.03,
        add_connection: float = 0.05,
        change_weights: float = 0.8,
        change_others: float = 0.3,
    ) -> None:
        numbers = {
            "threshold": (threshold, 0.01, None),
            "survival": (survival, 0.01, 1),
            "crossover": (crossover, 0, 1),
            "add_node": (add_node, 0, 1),
            "add_connection": (add_connection, 0, 1),
            "change_weights": (change_weights, 0, 1),
            "change_others": (change_others, 0, 1),
        }
        raise_faults(
            integer_fault("searcher.population", population, at_least=5),
            _inheritance_fault(inheritance),
            integer_fault("searcher.n_species", n_species, at_least=1),
            integer_fault("searcher.stagnation", stagnation, at_least=1),
            *(
                number_fault(f"searcher.{name}", value, at_least=low, at_most=high)
                for name, (value, low, high) in numbers.items()
            ),
        )
        self._space = space
        self._objective = objective
        self._seed = seed
        self._is_lamarckian = inheritance == "lamarckian"
        self._crossover = crossover
        rates = Rates(node=add_node, connection=add_connection, weights=change_weights)
        self._breeder = Breeder(space, rates=rates, change_others=change_others)
        self._tried = Tried()
        rules = Rules(
            size=population,
            n_species=n_species,
            threshold=threshold,
            survival=survival,
            stagnation=stagnation,
        )
        self._population = Population(rules, distance=self._breeder.distance, seed=seed)

    def prepare(self) -> None:
        """Do nothing: a child needs no more than what is imported."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a founder or a child that is new, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        population = self._population
        for attempt in range(N_ATTEMPTS):
            if not population.places:
                configuration = self._breeder.founder(rng)
                origin: dict[str, Any] = {"kind": "founder"}
            else:
                position = (population.n_arrived + len(pending)) % len(population.places)
                place = population.places[position]
                configuration, origin = self._child(place, rng, is_first=attempt == 0)
            if key(configuration) not in self._tried:
                origin = {**origin, "generation": population.generation}
                return Suggestion(configuration=configuration, origin=origin)
        return suggest_untried(self._space, rng, tried=self._tried)

    def observe(self, trial: Trial) -> None:
        """Take a trial into the present generation, if it lies in the space."""
        self._tried.add(trial)
        if not self._space.contains(trial.configuration):
            return
        learnt = self._learnt(trial)
        self._population.add(
            Member(
                rank=rank(trial, objective=self._objective),
                configuration={**trial.configuration, **learnt},
                is_learnt=bool(learnt),
            )
        )

    def _learnt(self, trial: Trial) -> dict[str, str]:
        """Return the graphs as training left them in the trial's best epoch, by key."""
        best = trial.best(self._objective)
        if best is None or not self._is_lamarckian:
            return {}
        return self._breeder.learnt(trial.configuration, best.learnt)

    def _child(self, place: Place, rng: np.random.Generator, *, is_first: bool) -> Proposal:
        """Return a child of the species that a place is for."""
        parents = place.species.parents
        if place.is_champions and is_first:
            return dict(parents[0].configuration), _origin("champion", place, parents[0])
        one = parents[int(rng.integers(len(parents)))]
        other = self._partner(place, rng)
        if other is None or other.number == one.number:
            child = self._breeder.mutated(one.configuration, rng)
            return child, _origin("mutation", place, one)
        fitter, weaker = sorted((one, other), key=_fitness)
        child = self._breeder.crossed(fitter.configuration, weaker.configuration, rng)
        return self._breeder.mutated(child, rng), _origin("crossover", place, fitter, weaker)

    def _partner(self, place: Place, rng: np.random.Generator) -> Member | None:
        if rng.random() >= self._crossover:
            return None
        pool = place.species.parents
        if rng.random() < INTERSPECIES:
            pool = [member for species in self._population.species for member in species.parents]
        return pool[int(rng.integers(len(pool)))]


def _inheritance_fault(inheritance: object) -> str | None:
    if inheritance in ("lamarckian", "baldwinian"):
        return None
    return f"searcher.inheritance is {inheritance!r}. It must be lamarckian or baldwinian."


def _origin(kind: str, place: Place, *parents: Member) -> dict[str, Any]:
    numbers = [parent.number for parent in parents]
    return {"kind": kind, "parents": numbers, "species": place.species.id}


def _fitness(member: Member) -> tuple[object, ...]:
    """Return a key that sorts members from the fittest on; of equals the smaller genome first."""
    texts = [value for value in member.configuration.values() if isinstance(value, str)]
    return (*member.rank[:-1], sum(map(len, texts)), member.number)
