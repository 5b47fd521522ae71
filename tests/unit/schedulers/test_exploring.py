"""What changes stays in the space, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.schedulers.exploring import changes_of, explored, mutable_keys
from raysearch.space import Bool, Choice, Fixed, Float, Int, Prior, Space

SPACE = Space(
    {
        "width": Int(8, 64, step=8),
        "rate": Float(1e-5, 1e-1, log=True),
        "batch": Choice([32, 64, 128], ordered=True),
        "flip": Choice(["none", "both"]),
        "loss": Choice(["ce", "focal"]),
        "smoothing": Float(0.0, 0.2, when={"loss": "ce"}),
        "gamma": Float(0.5, 5.0, when={"loss": "focal"}),
        "bias": Bool(),
        "depth": Fixed(3),
    }
)
MUTABLE = ("rate", "batch", "flip", "loss", "smoothing", "gamma", "bias")


def drawn(configuration, *, n=200, mutable=MUTABLE, scale=0.1, resample=0.25):
    return [
        explored(
            SPACE,
            configuration,
            np.random.default_rng(seed),
            mutable=mutable,
            scale=scale,
            resample=resample,
        )
        for seed in range(n)
    ]


def test_every_result_lies_in_the_space_and_the_architecture_stays():
    for seed in range(50):
        configuration = SPACE.sample(np.random.default_rng(seed))
        for found in drawn(configuration, n=10):
            SPACE.validate(found)
            assert found["width"] == configuration["width"]


def test_many_steps_never_leave_the_bounds_nor_change_types():
    configuration = SPACE.complete({"rate": 0.09, "batch": 128})
    for seed in range(300):
        configuration = explored(
            SPACE,
            configuration,
            np.random.default_rng(seed),
            mutable=MUTABLE,
            scale=0.3,
            resample=0.0,
        )
        SPACE.validate(configuration)
        assert type(configuration["batch"]) is int


def test_numbers_move_on_the_scale_that_they_are_sampled_on():
    rates = [c["rate"] for c in drawn({**SPACE.default(), "rate": 1e-3}, resample=0.0)]
    steps = np.log10(rates) + 3  # the range has four decades, so a step's deviation is 0.4 of one
    assert 0.3 < steps.std() < 0.5  # five standard errors of 200 draws
    assert abs(steps.mean()) < 0.15


def test_choices_without_an_order_change_by_resampling_alone():
    kept = drawn(SPACE.default(), resample=0.0)
    assert {(c["flip"], c["loss"], c["bias"]) for c in kept} == {("none", "ce", False)}
    assert {c["batch"] for c in kept} == {64}  # from 32 there is one neighbour
    anew = drawn(SPACE.default(), resample=1.0)
    assert {c["flip"] for c in anew} == {"none", "both"}
    assert {c["loss"] for c in anew} == {"ce", "focal"}


def test_what_is_drawn_anew_may_lie_anywhere_whatever_a_prior_says():
    low = Prior(1e-5, 0.9)
    space = Space(
        {
            "rate": Float(1e-6, 1e-1, log=True, prior=low),
            "batch": Choice([16, 32, 64, 128], ordered=True, prior=Prior(16, 0.9)),
            "loss": Choice(["ce", "focal"], prior=Prior("ce", 0.9)),
        }
    )
    found = [
        explored(
            space,
            space.default(),
            np.random.default_rng(seed),
            mutable=space.keys,
            scale=0.1,
            resample=1.0,
        )
        for seed in range(200)
    ]
    places = np.array([space["rate"][0].domain.to_unit(each["rate"]) for each in found])
    assert 0.4 < places.mean() < 0.6  # five standard errors; by the prior 0.2
    assert 0.24 < places.std() < 0.34
    assert sum(each["batch"] >= 64 for each in found) > 60  # a half; by the prior one in 10^6
    assert sum(each["loss"] == "focal" for each in found) > 60


def test_what_becomes_active_is_drawn_and_what_no_longer_is_goes():
    found = [c for c in drawn(SPACE.default(), resample=1.0) if c["loss"] == "focal"]
    assert found
    assert all("gamma" in c and "smoothing" not in c for c in found)


def test_changes_tell_types_apart():
    assert changes_of({"a": 1, "b": 2}, {"a": 1.0, "c": 3}) == {
        "a": (1, 1.0),
        "b": (2, None),
        "c": (None, 3),
    }


def test_what_was_not_asked_for_stays():
    found, faults = mutable_keys(SPACE, parameters=["rate"], fixed={"width": "why"})
    assert (found, faults) == (("rate",), [])
    assert all(changes_of(SPACE.default(), c).keys() <= {"rate"} for c in drawn(
        SPACE.default(), mutable=found
    ))  # fmt: skip


def test_without_a_list_all_that_can_change_does():
    found, faults = mutable_keys(SPACE, parameters=None, fixed={"width": "why"})
    assert (found, faults) == (MUTABLE, [])


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (["width"], ["width cannot be changed while a trial trains: it has weights", "rate"]),
        (["rat"], ["rat is not a parameter of the space", "Did you mean rate?"]),
        (["depth"], ["no parameter of the space can be changed"]),
    ],
)
def test_what_cannot_take_effect_is_refused_by_name(parameters, words):
    _, faults = mutable_keys(SPACE, parameters=parameters, fixed={"width": "it has weights"})
    assert len(faults) == 1
    assert all(word in faults[0] for word in words)
