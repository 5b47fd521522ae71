"""Is every kind of parameter put into hyperopt's words and back without loss?"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from raysearch.searchers.dimensions import Categories, Dimension, Interval, dimension_of
from raysearch.space import Bool, Choice, Domain, Fixed, Float, Int, Prior, Space


def dimension(domain: Domain) -> Dimension | None:
    [parameter] = Space({"x": domain}).parameters
    return dimension_of(parameter)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (Float(0.0, 1.0), Interval("x")),
        (Float(1e-4, 1.0, log=True), Interval("x")),
        (Int(1, 100), Interval("x")),
        (Int(1, 5), Interval("x")),
        (Choice([1, 2, 3, 4, 5], ordered=True), Interval("x")),
        (Int(1, 4, log=True), Interval("x")),  # its values have no equal shares of the interval
        (Int(1, 4), Categories("x", (0.25,) * 4)),
        (Int(8, 32, step=2, log=True), Categories("x", (1 / 3,) * 3)),
        (Float(0.0, 0.5, step=0.25), Categories("x", (1 / 3,) * 3)),
        (Choice([1, 2], ordered=True), Categories("x", (0.5, 0.5))),
        (Choice(list("abcdef")), Categories("x", (1 / 6,) * 6)),
        (Bool(), Categories("x", (0.5, 0.5))),
        (Fixed(3), None),
        (Int(3, 3), None),
        (Choice(["only"]), None),
        (Float(0.5, 0.5), None),
        (Float(0.0, 1.0, prior=Prior(0.25, 0.5)), Interval("x", NormalDist(0.25, 0.25))),
        (Choice(["a", "b"], prior=Prior("b", 0.5)), Categories("x", (0.25, 0.75))),
        (Bool(prior=Prior(False, 0.5)), Categories("x", (0.75, 0.25))),
    ],
)
def test_dimension(domain: Domain, expected: Dimension | None) -> None:
    assert dimension(domain) == expected


def test_prior_of_a_few_ordered_values() -> None:
    found = dimension(Int(1, 3, prior=Prior(2, 0.5)))
    assert isinstance(found, Categories)
    low, middle, high = found.chances
    assert low == pytest.approx(high)
    assert sum(found.chances) == pytest.approx(1)
    # By hand: the normal distribution around 1/2 with deviation 1/4, cut off at 0 and 1.
    unit = NormalDist(0.5, 0.25)
    share = (unit.cdf(2 / 3) - unit.cdf(1 / 3)) / (unit.cdf(1) - unit.cdf(0))
    assert middle == pytest.approx(share)


DOMAINS: list[Domain] = [
    Float(1e-4, 1.0, log=True),
    Float(0.5, 0.999, sampling="reverse_log", prior=Prior(0.9, 0.95)),
    Float(0.0, 1.0, prior=Prior(0.0, 0.99)),
    Int(1, 1000, log=True, prior=Prior(1000, 0.8)),
    Int(1, 4),
    Int(1, 4, log=True),
    Int(8, 64, step=8),
    Choice(["a", "b", "c"]),
    Choice([1, 2, 3, 4, 5, 6], ordered=True, prior=Prior(6, 0.9)),
    Bool(),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.describe())
def test_values_survive_the_way_to_hyperopt_and_back(domain: Domain) -> None:
    found = dimension(domain)
    assert found is not None
    rng = np.random.default_rng(0)
    for _ in range(200):
        value = domain.sample(rng)
        back = found.to_unit(found.from_unit(domain.to_unit(value)))
        expected = pytest.approx(value, rel=1e-6, abs=1e-9) if type(value) is float else value
        assert domain.from_unit(back) == expected


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.describe())
def test_whatever_hyperopt_suggests_is_a_value(domain: Domain) -> None:
    found = dimension(domain)
    assert found is not None
    if isinstance(found, Interval):
        extremes = [-0.01, 0.0, 1e-300, 0.3, 1 - 1e-16, 1.0, 1.01]
    else:
        extremes = list(np.arange(len(found.chances)))
    for suggested in extremes:
        u = found.to_unit(suggested)
        assert 0.0 <= u <= 1.0
        assert domain.contains(domain.from_unit(u))


def test_uniform_quantiles_are_distributed_as_the_prior_says() -> None:
    domain = Float(0.0, 1.0, prior=Prior(0.8, 0.6))
    found = dimension(domain)
    assert found is not None
    quantiles = np.linspace(0.0005, 0.9995, 1000)
    searched = np.array([found.to_unit(q) for q in quantiles])
    drawn = np.array(
        [domain.sample(rng) for rng in [np.random.default_rng(0)] for _ in range(4000)]
    )
    # Kolmogorov-Smirnov: a distance of 2 / sqrt(4000) has a false-alarm rate of 0.07 %.
    distance = max(
        abs(np.mean(drawn <= place) - q) for place, q in zip(searched, quantiles, strict=True)
    )
    assert distance < 2 / np.sqrt(4000)


@pytest.mark.timeout(
    30
)  # imports hyperopt: 1.5 s on an idle machine, many times that on a busy one
def test_distributions_are_hyperopts() -> None:
    from hyperopt.base import Domain as HyperoptDomain

    dimensions: list[Dimension] = [
        Interval("number"),
        Categories("even", (0.5, 0.5)),
        Categories("skewed", (0.9, 0.1)),
    ]
    domain = HyperoptDomain(None, {d.label: d.distribution() for d in dimensions})
    kinds = {label: node.name for label, node in domain.params.items()}
    assert kinds == {"number": "uniform", "even": "randint", "skewed": "categorical"}
