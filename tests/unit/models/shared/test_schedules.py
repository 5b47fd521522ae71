from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import OneCycleLR

from raysearch.errors import ConfigurationError
from raysearch.models.shared.schedules import (
    constant,
    cosine,
    has_schedule,
    one_cycle,
    schedule,
)


def rates(scheduler, n_steps):
    """Return the learning rate of each of the first `n_steps` steps."""
    used = []
    for _ in range(n_steps):
        used.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step()
    return used


def sgd(learning_rate=1.0):
    return SGD([nn.Parameter(torch.zeros(1))], lr=learning_rate)


def test_constant_never_changes():
    assert {constant(step, n_steps=10) for step in range(20)} == {1.0}


@pytest.mark.parametrize("factor", [constant, cosine])
def test_warmup_rises_in_equal_steps_and_never_starts_at_zero(factor):
    values = [factor(step, n_steps=100, warmup_fraction=0.2) for step in range(21)]
    steps = [after - before for before, after in pairwise(values)]
    assert values[0] == pytest.approx(1 / 21)
    assert values[20] == 1.0
    assert steps == pytest.approx([1 / 21] * 20)


def test_cosine_falls_from_one_to_zero_symmetrically():
    values = [cosine(step, n_steps=100) for step in range(101)]
    assert values[0] == 1.0
    assert values[50] == pytest.approx(0.5)
    assert values[100] == pytest.approx(0.0)
    assert values == sorted(values, reverse=True)
    assert [a + b for a, b in zip(values, reversed(values), strict=True)] == pytest.approx(
        [1.0] * 101
    )


def test_cosine_after_a_warmup_still_ends_at_the_horizon():
    values = [cosine(step, n_steps=100, warmup_fraction=0.5) for step in range(120)]
    assert values[50] == 1.0
    assert values[75] == pytest.approx(0.5)
    assert values[99] == pytest.approx((1 + math.cos(math.pi * 49 / 50)) / 2)
    assert values[100:] == pytest.approx([0.0] * 20)


@pytest.mark.parametrize("n_steps", [10, 57, 1000])
def test_one_cycle_equals_pytorchs(settings, n_steps):
    reference = OneCycleLR(sgd(), max_lr=0.3, total_steps=n_steps, cycle_momentum=False)
    ours = schedule(sgd(0.3), settings=replace(settings, schedule="one_cycle"), n_steps=n_steps)
    # PyTorch refuses a step beyond the last one
    expected = rates(reference, n_steps - 1)
    assert rates(ours, n_steps)[:-1] == pytest.approx(expected)


def test_one_cycle_starts_peaks_and_ends_where_it_should():
    values = [one_cycle(step, n_steps=100) for step in range(130)]
    assert values[0] == pytest.approx(1 / 25)
    assert values.index(max(values)) == 29
    assert max(values) == 1.0
    assert values[99:] == pytest.approx([1 / 25e4] * 31)


@pytest.mark.parametrize("n_steps", [1, 2, 3, 4])
@pytest.mark.parametrize("factor", [constant, cosine, one_cycle])
def test_the_shortest_fits_have_a_rate_to_learn_with(factor, n_steps):
    values = [factor(step, n_steps=n_steps) for step in range(n_steps)]
    assert max(values) > 0.5
    assert all(0 <= value <= 1 for value in values)


@pytest.mark.parametrize("name", ["constant", "cosine", "one_cycle"])
def test_schedule_multiplies_the_learning_rate_at_every_step(settings, name):
    settings = replace(settings, schedule=name, warmup_fraction=0.2)
    factor = {"constant": constant, "cosine": cosine, "one_cycle": one_cycle}[name]
    options = {} if name == "one_cycle" else {"warmup_fraction": 0.2}
    used = rates(schedule(sgd(0.5), settings=settings, n_steps=20), 25)
    assert used == pytest.approx([0.5 * factor(step, n_steps=20, **options) for step in range(25)])


def test_only_a_plain_constant_rate_needs_no_schedule(settings):
    assert not has_schedule(settings)
    assert has_schedule(replace(settings, warmup_fraction=0.1))
    assert has_schedule(replace(settings, schedule="cosine"))


@pytest.mark.parametrize("n_steps", [math.inf, -1])
def test_an_unknown_horizon_is_refused(settings, n_steps):
    with pytest.raises(ConfigurationError, match=r"schedule is 'cosine'.*Set max_epochs"):
        schedule(sgd(), settings=replace(settings, schedule="cosine"), n_steps=n_steps)


def test_state_is_plain_so_that_checkpoints_open_without_our_code(settings):
    state = schedule(sgd(), settings=replace(settings, schedule="cosine"), n_steps=9).state_dict()
    assert state["lr_lambdas"] in ([None], [{}])
