"""Do distributions of one parameter draw, move and tell of themselves as they should?"""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.searchers.distributions import WIDE, Chances, Truncated, distribution_of
from raysearch.space import Choice, Float, Int, Space


def of(domain: Int | Float | Choice, *, least: float = 0.05) -> Chances | Truncated:
    (parameter,) = Space({"p": domain}).parameters
    distribution = distribution_of(parameter, least_spread=least)
    assert distribution is not None
    return distribution


def test_few_values_have_chances_and_many_a_place() -> None:
    assert isinstance(of(Int(1, 4)), Chances)
    assert isinstance(of(Int(1, 5)), Truncated)
    assert isinstance(of(Choice(list("abcdefgh"))), Chances)
    assert isinstance(of(Choice(list("abcdefgh"), ordered=True)), Truncated)


def test_the_least_spread_is_half_a_step_at_least() -> None:
    assert of(Int(1, 5), least=0.01) == Truncated(mean=0.5, spread=WIDE, least=0.1)
    assert of(Float(0.0, 1.0), least=0.01) == Truncated(mean=0.5, spread=WIDE, least=0.01)


def test_draws_follow_the_chances() -> None:
    rng, n = np.random.default_rng(0), 2000
    distribution = Chances(chances=(0.7, 0.1, 0.2), prior=(1 / 3,) * 3)
    places = [distribution.draw(rng) for _ in range(n)]
    for index, chance in enumerate(distribution.chances):
        deviation = np.sqrt(chance * (1 - chance) / n)
        share = np.mean([round(u * 3 - 0.5) == index for u in places])
        assert abs(share - chance) < 4 * deviation  # one false alarm in 16,000


def test_draws_stay_on_the_interval() -> None:
    rng = np.random.default_rng(0)
    places = [Truncated(mean=1.0, spread=0.5, least=0.05).draw(rng) for _ in range(200)]
    assert all(0.0 <= u <= 1.0 for u in places)
    assert min(places) < 0.5


def test_the_last_place_counts_for_the_last_value() -> None:
    even = Chances(chances=(0.5, 0.5), prior=(0.5, 0.5))
    assert even.towards([1.0], share=1.0).chances == (0.25, 0.75)


def test_chances_add_up_after_many_moves() -> None:
    distribution = Chances(chances=(1 / 3,) * 3, prior=(1 / 3,) * 3)
    for _ in range(1000):
        distribution = distribution.towards([0.1, 0.9], share=0.3)
    assert sum(distribution.chances) == pytest.approx(1, abs=1e-12)
