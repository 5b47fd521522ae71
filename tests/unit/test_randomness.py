"""Does every draw depend on seed, role and number, and on nothing else?"""

from __future__ import annotations

import itertools

from raysearch.randomness import generator


def test_seed_role_and_number_each_matter() -> None:
    drawn = [
        generator(seed, role=role, number=number).random()
        for seed, role, number in itertools.product((0, 1, 2), ("searcher", "bracket"), (0, 1, 2))
    ]
    assert len(set(drawn)) == len(drawn)


def test_values_are_those_of_earlier_versions() -> None:
    # A search that is resumed after an upgrade goes on as it would have: never change these.
    assert generator(0, role="searcher", number=3).integers(10**6, size=3).tolist() == [
        433088,
        567887,
        741057,
    ]


def test_numbers_below_0_have_draws_of_their_own():
    draws = {generator(0, role="searcher", number=n).random() for n in range(-3, 4)}
    assert len(draws) == 7
