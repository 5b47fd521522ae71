"""Int and Float: values, defaults, places, refusals; what the properties do not pin down."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Fixed, Float, Int, Prior

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        (Int(8, 256, step=2, log=True), [8, 16, 32, 64, 128, 256]),
        (Int(8, 255, step=2, sampling="log"), [8, 16, 32, 64, 128]),
        (Int(1, 27, step=3, sampling="reverse_log"), [1, 19, 25, 27]),
        (Int(1, 30, step=3, sampling="reverse_log"), [4, 22, 28, 30]),  # low is no step
        (Int(8, 60, step=8), [8, 16, 24, 32, 40, 48, 56]),
        (Int(-3, 3, step=3), [-3, 0, 3]),
        (Int(5, 5), [5]),
        (Int(1, 4, log=True), [1, 2, 3, 4]),
        (Int(1, 4, sampling="reverse_log"), [1, 2, 3, 4]),
        (Float(0.1, 0.5, step=0.1), [0.1, 0.2, 0.3, 0.4, 0.5]),
        (Float(1e-4, 1e-1, step=10, log=True), [1e-4, 1e-3, 1e-2, 1e-1]),
        (Float(0, 1, step=0.4), [0.0, 0.4, 0.8]),
        (Float(2, 2), [2.0]),
    ],
)
def test_all_values_of_a_range(domain, values):
    found = list(domain.grid())
    assert found == values
    assert {type(value) for value in found} == {type(domain.default_value())}
    assert domain.size() == len(values)
    assert all(map(domain.contains, values))


@pytest.mark.parametrize(
    ("domain", "points", "values"),
    [
        (Int(0, 100), 3, [0, 50, 100]),
        (Int(0, 100), 1, [50]),
        (Int(1, 2), 5, [1, 2]),
        (Int(8, 64, step=8), 3, [8, 32, 64]),
        (Int(1, 1000, log=True), 4, [1, 10, 100, 1000]),
        (Float(0, 1), 3, [0.0, 0.5, 1.0]),
        (Float(1e-4, 1e-2, log=True), 3, [1e-4, 1e-3, 1e-2]),
        (Float(0.01, 1, sampling="reverse_log"), 3, [0.01, 0.91, 1.0]),
    ],
)
def test_grids_of_a_few_points(domain, points, values):
    assert list(domain.grid(points)) == values


@pytest.mark.parametrize(
    ("domain", "default"),
    [
        (Int(1, 4), 2),
        (Int(1, 100, log=True), 10),
        (Int(1, 100, sampling="reverse_log"), 91),
        (Int(8, 64, step=8), 32),
        (Int(8, 64, default=40), 40),
        (Float(0, 0.5), 0.25),
        (Float(1e-4, 1e-2, log=True), 1e-3),
        (Float(0, 1, step=0.25), 0.5),
        (Float(0, 10, default=3), 3.0),
    ],
)
def test_defaults(domain, default):
    assert domain.default_value() == default
    assert type(domain.default_value()) is type(default)


def test_log_and_sampling_say_the_same():
    assert Int(1, 8, log=True) == Int(1, 8, sampling="log")
    assert Float(1, 8, sampling="log").log
    assert not Float(1, 8, sampling="reverse_log").log
    assert dataclasses.replace(Float(1, 8, log=True), high=16) == Float(1, 16, log=True)


def test_a_float_takes_ints_and_makes_them_floats():
    domain = Float(0, 10, step=1)
    assert (type(domain.low), type(domain.step)) == (float, float)
    assert domain.contains(3)
    assert type(domain.canonical(3)) is float


def test_uniform_draws_fill_the_sampling_evenly():
    rng = np.random.default_rng(0)
    for domain, median in (
        (Float(0, 1), 0.5),
        (Float(1e-4, 1, log=True), 1e-2),
        (Float(1e-4, 1, sampling="reverse_log"), 1.0001 - 1e-2),
        (Int(8, 512, step=2, log=True), 96),
        (Int(1, 10_000, log=True), 70.7),  # halfway between log 0.5 and log 10000.5
    ):
        below = np.mean([domain.sample(rng) < median for _ in range(1000)])
        # one standard deviation is 0.016: five of them, one false alarm in 350,000 tests
        assert abs(below - 0.5) < 0.08


def test_a_prior_draws_towards_its_centre():
    rng = np.random.default_rng(0)
    prior = Prior(1e-3, 0.8)
    domain = Float(1e-4, 1, log=True, prior=prior)
    places = np.array([domain.to_unit(domain.sample(rng)) for _ in range(1000)])
    # truncated at 0, 2.5 standard deviations below the centre, which moves the mean up by 0.002
    assert abs(places.mean() - 0.252) < 5 * prior.spread / math.sqrt(1000)
    assert abs(places.std() - 0.098) < 0.012  # five standard deviations of the estimate
    assert (places > 0.55).mean() < 0.01


@pytest.mark.parametrize("centre", [1, 64])
def test_a_prior_at_a_bound_stays_inside(centre):
    rng = np.random.default_rng(0)
    domain = Int(1, 64, prior=Prior(centre, 0.9))
    drawn = [domain.sample(rng) for _ in range(200)]
    assert all(map(domain.contains, drawn))
    assert np.median(np.abs(np.array(drawn) - centre)) < 8


def test_mutations_of_a_number_stay_near():
    rng = np.random.default_rng(0)
    domain = Int(1, 1000)
    steps = [abs(domain.mutate(500, rng, 0.05) - 500) for _ in range(500)]
    assert 20 < np.mean(steps) < 60  # the mean of |normal| is 0.8 standard deviations, here 40
    assert {Int(1, 2).mutate(1, rng, 0.01) for _ in range(20)} == {2}
    assert {Int(1, 9).mutate(1, rng, 0.001) for _ in range(20)} == {2}
    assert {Int(1, 9).mutate(5, rng, 0.001) for _ in range(20)} == {4, 6}
    assert Int(3, 3).mutate(3, rng, 0.1) == 3


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (Int(8, 64, step=8), "8 to 64, step 8"),
        (Int(8, 60, step=8), "8 to 56, step 8"),
        (Int(8, 256, step=2, log=True), "8 to 256, log, step 2"),
        (Int(1, 30, step=3, sampling="reverse_log"), "4 to 30, reverse_log, step 3"),
        (Float(1e-4, 1e-1, log=True), "1e-4 to 0.1, log"),
        (Float(0, 0.5), "0.0 to 0.5"),
        (Int(7, 7), "7"),
    ],
)
def test_descriptions(domain, text):
    assert domain.describe() == text


@pytest.mark.parametrize(
    ("domain", "value", "message"),
    [
        (Int(8, 64, step=8), 65, "65 lies outside 8 to 64, step 8. The nearest legal value is 64."),
        (Int(8, 64, step=8), 30, "30 is not on a step of 8 to 64, step 8. The nearest legal value is 32."),  # noqa: E501
        (Int(8, 64), 8.0, "8.0 is a float, and an int is needed: 8 to 64. The nearest legal value is 8."),  # noqa: E501
        (Int(0, 1), True, "true is a bool, and an int is needed. Legal are 0 to 1."),
        (Int(8, 64), "9", '"9" is text, and an int is needed. Write 9 without quotes. Legal are 8 to 64.'),  # noqa: E501
        (Int(8, 64), None, "null is null, and an int is needed. Legal are 8 to 64."),
        (Int(8, 64), np.int64(9), "np.int64(9) is a numpy.int64, and an int is needed. Legal are 8 to 64."),  # noqa: E501
        (Float(0, 1), 2, "2 lies outside 0.0 to 1.0. The nearest legal value is 1.0."),
        (Float(0, 1), NAN, "nan lies outside 0.0 to 1.0."),
        (Float(0, 1), -INF, "-inf lies outside 0.0 to 1.0. The nearest legal value is 0.0."),
        (Float(0, 1), 10**400, "The nearest legal value is 1.0."),
        (Float(0, 1), np.float64(0.5), "np.float64(0.5) is a numpy.float64, and a float is needed."),  # noqa: E501
        (Float(0, 1, step=0.1), 0.1 + 0.2, "The nearest legal value is 0.3."),
        (Float(1e-4, 1), "1e-3", '"1e-3" is text, and a float is needed. Write 1e-3'),
        (Float(0, 1), [0.5], "[0.5] is a list, and a float is needed."),
    ],
)  # fmt: skip
def test_illegal_values_are_explained_with_the_nearest_legal_one(domain, value, message):
    assert not domain.contains(value)
    explained = domain.explain(value)
    assert explained is not None
    assert message in explained


@pytest.mark.parametrize(
    ("build", "messages"),
    [
        (lambda: Int(64, 8), ["low 64 lies above high 8"]),
        (lambda: Int(8.0, 64), ["low: 8.0 is a float, and an int is needed"]),
        (lambda: Int(True, 64), ["low: true is a bool, and an int is needed"]),
        (lambda: Int(None, 64), ["low: null is null"]),
        (lambda: Int(1, 2**41), ["high is 2199023255552. Stay within"]),
        (lambda: Int(0, 8, log=True), ["low is 0, and log sampling needs low above 0"]),
        (lambda: Int(-1, 8, sampling="reverse_log"), ["low is -1, and reverse_log sampling"]),
        (lambda: Int(1, 8, step=0), ["step is 0. With linear sampling it is added"]),
        (lambda: Int(1, 8, step=-2), ["step is -2"]),
        (lambda: Int(1, 8, step=0, log=True), ["step is 0. With log sampling it is a factor"]),
        (lambda: Int(1, 8, step=8), ["step 8 does not fit into 1 to 8"]),
        (lambda: Int(4, 7, step=2, log=True), ["step 2 does not fit into 4 to 7"]),
        (lambda: Int(1, 8, sampling="lgo"), ["sampling is lgo. Did you mean log?"]),
        (lambda: Int(1, 8, sampling=["log"]), ["sampling is ['log']"]),
        (lambda: Int(1, 8, log="yes"), ['log is "yes", text. Give true or false.']),
        (lambda: Int(1, 8, sampling="reverse_log", log=True), ["log is true, but sampling is"]),
        (lambda: Int(1, 8, default=9), ["default: 9 lies outside 1 to 8"]),
        (lambda: Int(1, 8, default=True), ["default: true is a bool"]),
        (lambda: Int(1, 8, prior=Prior(9, 0.5)), ["prior.centre: 9 lies outside 1 to 8"]),
        (lambda: Int(1, 8, prior=3), ["prior is 3. Give Prior(centre, confidence)."]),
        (lambda: Int(1, 8, when={"a": []}), ["when.a lists no value"]),
        (lambda: Int("1", 8.5, sampling="x"), ['low: "1" is text', "high: 8.5 is a float", "is x."]),  # noqa: E501
        (lambda: Int(1, 8, default=9, prior=Prior(0, 0.5), when=3), ["9 lies", "0 lies", "when is 3"]),  # noqa: E501
        (lambda: Float(NAN, 1), ["low: nan is not finite"]),
        (lambda: Float(0, INF), ["high: inf is not finite"]),
        (lambda: Float(0, 1, step=NAN), ["step: nan is not finite"]),
        (lambda: Float("1e-4", 1), ['low: "1e-4" is text, and a float is needed. Write 1e-4']),
        (lambda: Float("0.5", 1), ["Write 0.5 without quotes"]),
        (lambda: Float("half", 1), ["low: half is text, and a float is needed."]),
        (lambda: Float(False, 1), ["low: false is a bool"]),
        (lambda: Float(np.float64(0), 1), ["low: np.float64(0.0) is a numpy.float64"]),
        (lambda: Float(1, 0.5), ["low 1.0 lies above high 0.5"]),
        (lambda: Float(0, 1, log=True), ["low is 0.0, and log sampling"]),
        (lambda: Float(-1e308, 1e308), ["-1e308 to 1e308 is too wide"]),
        (lambda: Float(1e-200, 1e200, log=True), ["1e-200 to 1e200 is too wide"]),
        (lambda: Float(0, 1, step=2), ["step 2.0 does not fit into 0.0 to 1.0"]),
        (lambda: Float(0, 1, step=0), ["step is 0.0. With linear"]),
        (lambda: Float(1, 2, step=0.5, log=True), ["step is 0.5. With log sampling"]),
        (lambda: Float(0, 1, step=1e-13), ["step 1e-13 is too small for 0.0 to 1.0"]),
        (lambda: Float(1e16, 1e17, step=1), ["step 1.0 is too small"]),
        (lambda: Float(1, 2, step=1.0000000001, log=True), ["step 1.0000000001 is too small"]),
        (lambda: Float(0, 1, default=1.5), ["default: 1.5 lies outside 0.0 to 1.0"]),
        (lambda: Float(0, 1, default="x"), ["default: x is text"]),
        (lambda: Float(0, 1, prior=Prior(INF, 0.5)), ["prior.centre: inf lies outside"]),
    ],
)  # fmt: skip
def test_wrong_arguments_are_all_refused_at_once(build, messages):
    with pytest.raises(ConfigurationError) as caught:
        build()
    for message in messages:
        assert message in str(caught.value)


@pytest.mark.parametrize("confidence", [0, 1, 0.0, 1.0, -0.5, NAN, True, "0.5", None])
def test_a_confidence_lies_between_0_and_1(confidence):
    with pytest.raises(ConfigurationError, match=r"prior\.confidence is .*must be a float above 0"):
        Prior(3, confidence)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (Int(1, 10), Int(2, 9, step=3)),
        (Int(1, 10), Choice([1, 10])),
        (Int(1, 10), Fixed(3)),
        (Int(0, 100, step=5), Int(10, 90, step=10)),
        (Int(0, 2**40, step=2), Int(0, 2**40, step=4)),
        (Int(8, 256, step=2, log=True), Int(16, 256, step=4, log=True)),
        (Int(8, 256, step=8), Int(8, 256, step=2, log=True)),
        (Float(0, 1), Float(0.1, 0.9, step=0.1)),
        (Float(0, 1), Int(0, 1)),
        (Float(0, 1), Choice([0, 0.5, 1.0])),
        (Float(0, 1, step=0.1), Float(0.2, 0.8, step=0.2)),
        (Float(1e-4, 1e-1, log=True), Float(1e-3, 1e-2)),
    ],
)
def test_a_range_covers_a_narrower_one_but_not_the_other_way_round(wide, narrow):
    assert wide.covers(narrow)
    assert not narrow.covers(wide)


@pytest.mark.parametrize(
    ("domain", "other"),
    [
        (Int(1, 10), Float(2, 3)),
        (Int(1, 10), Bool()),
        (Int(1, 10), Choice([1, "2"])),
        (Int(0, 100, step=5), Int(0, 100, step=4)),
        (Int(8, 256, step=2, log=True), Int(16, 64, step=16)),
        (Int(1, 16, step=5), Int(1, 16, log=True)),
        (Float(0, 1, step=0.5), Float(0, 1)),
        (Float(0, 1), Bool()),
    ],
)
def test_a_range_does_not_cover_what_it_does_not_contain(domain, other):
    assert not domain.covers(other)


def test_an_infinite_grid_needs_points():
    with pytest.raises(ConfigurationError, match=r"0\.0 to 1\.0 has no step.*Give points"):
        Float(0, 1).grid()


def test_domains_are_values():
    one = Float(1e-4, 1, log=True, prior=Prior(0.1, 0.5), when={"optimizer": "sgd"})
    same = Float(1e-4, 1, sampling="log", prior=Prior(0.1, 0.5), when={"optimizer": ["sgd"]})
    assert one == same
    assert hash(one) == hash(same)
    assert pickle.loads(pickle.dumps(one)) == one
    assert Int(1, 8) != Int(1, 8, step=7)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.low = 2.0
