"""Which species does a population fall into, and how many children does each get?

A population is a fold over the members that arrive, one by one. When as many as it holds have
arrived, the generation is closed: members share their fitness within their species, species that
make no progress die out, and the others get places in the next generation. Nothing else is kept, so
that the same arrivals in the same order always give the same population.

References:
    Stanley and Miikkulainen, "Evolving Neural Networks through Augmenting Topologies",
    Evolutionary Computation 10(2), 2002, section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from raysearch.randomness import generator
from raysearch.searchers.ranking import Rank, is_usable
from raysearch.trial import Configuration

ELITE_FROM = 5
"""A species of more members than this keeps its champion, as in the paper."""

STALE_POPULATION = 20
"""Generations without a better best member after which only the two best species reproduce, once;
both, and the population, then have as long again to make progress, as in the authors' program."""

THRESHOLD_STEP = 0.3
"""By how much the threshold moves in a generation towards the wanted number of species."""

Distance = Callable[[Configuration, Configuration], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One configuration that was tried."""

    rank: Rank
    configuration: Configuration
    """What its children inherit."""
    is_learnt: bool = False
    """Whether that has weights which its own trial learnt."""

    @property
    def number(self) -> int:
        """The number of its trial."""
        return self.rank[-1]


@dataclass(slots=True, kw_only=True)
class Species:
    """Members that are alike."""

    id: int
    representative: Configuration
    """A member of the generation before: who is near enough to it belongs to the species."""
    members: list[Member] = field(default_factory=list)
    best: Rank | None = None
    """Rank of the best member that there ever was."""
    improved_in: int = 0
    """The generation that it came in."""
    parents: list[Member] = field(default_factory=list)
    """Members that may have children, the best first; a failed one only where all failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the next generation."""

    species: Species
    is_champions: bool = False
    """Whether it is for the champion itself, with what it has learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a population is divided; the settings of `Neat`."""

    size: int
    n_species: int
    threshold: float
    survival: float
    stagnation: int


class Population:
    """The species of a generation, and who arrived since.

    Args:
        rules: How it is divided.
        distance: How far two configurations are apart, at least 0.
        seed: Governs representatives and the order of places.
    """

    def __init__(self, rules: Rules, *, distance: Distance, seed: int) -> None:
        self.generation = 0
        """Generations that are complete."""
        self.places: tuple[Place, ...] = ()
        """One for each member of the generation that arrives now; none for the first one."""
        self.threshold = rules.threshold
        """Distance up to which a configuration belongs to a species (the paper's delta_t)."""
        self._rules = rules
        self._distance = distance
        self._seed = seed
        self._species: list[Species] = []
        self._n_founded = 0
        self._n_arrived = 0
        self._arrived: set[int] = set()  # numbers, of all generations
        self._best: Rank | None = None
        self._improved_in = 0

    @property
    def species(self) -> Sequence[Species]:
        """The species, in the order in which they were founded."""
        return self._species

    @property
    def n_arrived(self) -> int:
        """Members of the present generation that have arrived."""
        return self._n_arrived

    def add(self, member: Member) -> None:
        """Take a member in, and close the generation if it is the last one of it.

        One that has arrived before, in this generation or an earlier one, is no further member;
        where it is still there, it has its new rank, in the species in which it is.
        """
        if member.number in self._arrived:
            for species in self._species:
                species.members = [
                    member if known.number == member.number else known for known in species.members
                ]
            return
        self._arrived.add(member.number)
        self._home_of(member).members.append(member)
        self._n_arrived += 1
        if self._n_arrived == self._rules.size:
            self._close()

    def _home_of(self, member: Member) -> Species:
        """Return the first species that the member belongs to, or a new one."""
        own = member.configuration
        for species in self._species:
            if self._distance(own, species.representative) <= self.threshold:
                return species
        self._n_founded += 1
        founded = Species(id=self._n_founded, representative=own, improved_in=self.generation + 1)
        self._species.append(founded)
        return founded

    def _close(self) -> None:
        self.generation += 1
        self._n_arrived = 0
        rng = generator(self._seed, role="generation", number=self.generation)
        for species in self._species:
            species.members.sort(key=lambda member: member.rank)
        alive = [species for species in self._species if species.members]
        self._note_progress(alive)
        quotas = self._quotas(alive)
        self._species = [s for s, n in zip(alive, quotas, strict=True) if n > 0]
        places = []
        for species, n in zip(alive, quotas, strict=True):
            if n == 0:
                continue
            members, champion = species.members, species.members[0]
            n_parents = max(1, math.ceil(self._rules.survival * len(members)))
            usable = [member for member in members[:n_parents] if is_usable(member.rank)]
            species.parents = usable or members[:1]
            species.representative = members[int(rng.integers(len(members)))].configuration
            is_elite = len(members) > ELITE_FROM or champion.rank == self._best
            species.members = [champion] if is_elite else []
            has_own = is_elite and champion.is_learnt and n > 1
            places.append(Place(species=species, is_champions=has_own))
            places += [Place(species=species)] * (n - 1)
        self.places = tuple(places[index] for index in rng.permutation(len(places)).tolist())
        wanted, found = self._rules.n_species, len(self._species)
        step = THRESHOLD_STEP * ((found > wanted) - (found < wanted))
        self.threshold = max(THRESHOLD_STEP, self.threshold + step)

    def _note_progress(self, alive: Sequence[Species]) -> None:
        for species in alive:
            best = species.members[0].rank
            if species.best is None or best[:-1] < species.best[:-1]:
                species.best, species.improved_in = best, self.generation
            if self._best is None or best[:-1] < self._best[:-1]:
                self._best, self._improved_in = best, self.generation

    def _quotas(self, alive: Sequence[Species]) -> list[int]:
        """Return how many places each species gets, in proportion to the fitness that it shares.

        The fitness of a member is the share of members that it is no worse than, so that it makes
        no difference in which unit the objective is; 0 if its trial failed. A species has the sum
        of its members' fitness, each divided by their number.
        """
        ranks = sorted(member.rank for species in alive for member in species.members)
        fitness = {rank: 1 - place / len(ranks) for place, rank in enumerate(ranks)}
        shared = [
            sum(fitness[m.rank] for m in species.members if is_usable(m.rank))
            / len(species.members)
            for species in alive
        ]
        may = self._reproducing(alive)
        weights = [value if number in may else 0.0 for number, value in enumerate(shared)]
        if not any(weights):
            weights = [1.0] * len(alive)
        return apportioned(weights, total=self._rules.size)

    def _reproducing(self, alive: Sequence[Species]) -> set[int]:
        """Return which species may have children: those that make progress, and the best one."""
        order = sorted(range(len(alive)), key=lambda number: alive[number].members[0].rank)
        if self.generation - self._improved_in >= STALE_POPULATION:
            self._improved_in = self.generation
            for number in order[:2]:
                alive[number].improved_in = self.generation
            return set(order[:2])
        progressing = (
            number
            for number, species in enumerate(alive)
            if self.generation - species.improved_in < self._rules.stagnation
        )
        return {order[0], *progressing}


def apportioned(weights: Sequence[float], *, total: int) -> list[int]:
    """Return whole shares of a total in proportion to weights, by largest remainders.

    Args:
        weights: At least 0, and not all 0.
        total: What the shares add up to.

    Example:
        >>> apportioned([0.5, 0.2, 0.3], total=4), apportioned([1.0, 0.0], total=3)
        ([2, 1, 1], [3, 0])
    """
    exact = [weight / sum(weights) * total for weight in weights]
    shares = [math.floor(value) for value in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for index in by_rest[: total - sum(shares)]:
        shares[index] += 1
    return shares
