"""Species, shared fitness and places, on configurations that are points on a line."""

from __future__ import annotations

import pytest

from raysearch.searchers.speciation import Member, Population, Rules, apportioned


def member(number, place, loss, *, is_learnt=False):
    return Member(rank=(0, 0, loss, number), configuration={"x": place}, is_learnt=is_learnt)


def population(**rules):
    usual = {"size": 6, "n_species": 2, "threshold": 1.0, "survival": 0.5, "stagnation": 3}
    return Population(
        Rules(**{**usual, **rules}),
        distance=lambda one, other: abs(one["x"] - other["x"]),
        seed=0,
    )


def fill(people, places, losses, *, first=0):
    for index, (place, loss) in enumerate(zip(places, losses, strict=True)):
        people.add(member(first + index, place, loss))


def quotas(people):
    found = {}
    for place in people.places:
        found[place.species.id] = found.get(place.species.id, 0) + 1
    return found


def test_who_is_near_belongs_together():
    people = population()
    fill(people, [0.0, 0.5, 9.0, 9.5, 0.2, 8.9], range(6))
    assert len(people.species) == 2
    assert [[m.number for m in s.parents] for s in people.species] == [[0, 1], [2, 3]]
    assert people.generation == 1
    assert people.n_arrived == 0


def test_there_are_no_places_before_a_generation_is_complete():
    people = population()
    fill(people, [0.0] * 5, range(5))
    assert people.places == ()
    people.add(member(5, 0.0, 1.0))
    assert len(people.places) == 6


def test_a_large_species_does_not_crowd_out_a_small_one():
    people = population()
    fill(people, [0.0, 0.1, 0.2, 0.3, 0.4, 9.0], [1.0, 2.0, 3.0, 4.0, 5.0, 0.0])
    # fitness is 5/6, 4/6, 3/6, 2/6, 1/6, so the mean of the first species is a half, and 1 of the
    # other: a third of the six places for five members, two thirds for a single good one
    assert quotas(people) == {1: 2, 2: 4}


def test_a_species_that_makes_no_progress_dies_out():
    people = population(threshold=2.0, stagnation=3)
    for generation in range(4):
        losses = [1.0, 2.0, 3.0, 0.5 - generation / 10, 0.6, 0.7]
        fill(people, [0.0, 0.1, 0.2, 9.0, 9.1, 9.2], losses, first=6 * generation)
    assert set(quotas(people)) == {2}


def test_the_best_species_lives_on_without_progress():
    people = population(stagnation=1)
    for generation in range(4):
        fill(people, [0.0] * 6, [1.0] * 6, first=6 * generation)
    assert quotas(people) == {1: 6}


def test_the_champion_of_all_stays_without_a_trial():
    people = population()
    fill(people, [0.0] * 6, [3.0, 0.1, 3.0, 3.0, 3.0, 3.0])
    fill(people, [0.0] * 6, [1.0] * 6, first=6)
    (species,) = people.species
    assert species.parents[0].number == 1


@pytest.mark.parametrize("is_learnt", [True, False])
def test_a_champion_that_learnt_gets_a_place_of_its_own(is_learnt):
    people = population()
    for number in range(6):
        people.add(member(number, 0.0, float(number), is_learnt=is_learnt))
    assert sum(place.is_champions for place in people.places) == int(is_learnt)


def test_the_threshold_follows_the_number_of_species():
    few, many = population(n_species=5), population(n_species=1, threshold=1.0)
    fill(few, [0.0] * 6, range(6))
    fill(many, [0.0, 5.0, 10.0, 15.0, 20.0, 25.0], range(6))
    assert few.threshold == pytest.approx(0.7)
    assert many.threshold == pytest.approx(1.3)


def test_where_all_failed_all_species_go_on():
    people = population()
    for number in range(6):
        rank = (2, 0, float("inf"), number)
        people.add(Member(rank=rank, configuration={"x": 9.0 * (number % 2)}))
    assert quotas(people) == {1: 3, 2: 3}


def test_shares_add_up():
    assert apportioned([1.0, 1.0, 1.0], total=7) == [3, 2, 2]
    assert sum(apportioned([0.123, 4.5, 0.0007], total=150)) == 150
