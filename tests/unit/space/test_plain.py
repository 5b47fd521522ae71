"""Bool and Fixed."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Fixed, Int, Prior


def test_bool_takes_bools_only():
    domain = Bool()
    assert list(domain.grid()) == [False, True]
    assert (domain.default_value(), Bool(default=True).default_value()) == (False, True)
    assert [domain.from_unit(u) for u in (0.0, 0.49, 0.5, 1.0)] == [False, False, True, True]
    assert type(domain.from_unit(np.float64(0.7))) is bool
    assert domain.explain(1) == "1 is not one of false, true. It is an int; write true, a bool."
    assert domain.explain("false") == (
        '"false" is not one of false, true. It is text; write false, a bool.'
    )
    assert domain.describe() == "false, true"


def test_bool_mutates_to_the_other_value_and_follows_its_prior():
    rng = np.random.default_rng(0)
    assert Bool().mutate(True, rng, 0.1) is False
    assert Bool().mutate(False, rng, 0.1) is True
    drawn = [Bool(prior=Prior(True, 0.8)).sample(rng) for _ in range(1000)]
    assert abs(drawn.count(True) / 1000 - 0.9) < 0.048  # five standard deviations


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Bool(default=1), "default: 1 is not one of false, true."),
        (lambda: Bool(prior=Prior("yes", 0.5)), 'prior.centre: "yes" is not one of false, true.'),
        (lambda: Bool(prior=True), "prior is true. Give Prior"),
        (lambda: Bool(when=["a"]), "when is ['a'], a list. Give the parents"),
        (lambda: Fixed([1]), "[1] is a list, and a plain value is needed"),
        (lambda: Fixed(float("-inf")), "-inf is not finite"),
        (lambda: Fixed(np.int64(1)), "np.int64(1) is a numpy.int64, and a plain value"),
        (lambda: Fixed(1, when={"a": [[1]]}), "when.a: [1] is a list, and a plain value"),
        (lambda: Fixed(1, when={3: 1}), "when names 3, an int. Name a parameter."),
    ],
)
def test_wrong_arguments_are_refused(build, message):
    with pytest.raises(ConfigurationError) as caught:
        build()
    assert message in str(caught.value)


def test_fixed_has_one_value():
    rng = np.random.default_rng(0)
    domain = Fixed("adam")
    assert {domain.sample(rng), domain.mutate("adam", rng, 0.1), domain.from_unit(0.2)} == {"adam"}
    assert list(domain.grid(3)) == ["adam"]
    assert domain.explain("sgd") == "sgd is not adam, the only value."
    assert (domain.to_unit("adam"), domain.size(), domain.describe()) == (0.5, 1, "adam")


def test_types_count():
    assert Fixed(1) != Fixed(True)
    assert not Fixed(1).contains(True)
    assert not Fixed(1.0).contains(1)
    assert Fixed(1).covers(Choice([1]))
    assert Fixed(1).covers(Int(1, 1))
    assert not Fixed(1).covers(Choice([1, 2]))
    assert Bool().covers(Choice([True]))
    assert not Bool().covers(Choice([1]))
