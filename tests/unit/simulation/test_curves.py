"""A curve says what an epoch reports; a table has the curve of each configuration."""

from __future__ import annotations

import math

import pytest

from raysearch.errors import ConfigurationError
from raysearch.simulation import Curve, TableCurves


def curve(*values, seconds=1.0, **settings):
    return Curve(values={"val/loss": values}, seconds=seconds, **settings)


def test_an_epoch_is_measured_with_the_time_since_the_start():
    two = Curve(values={"val/loss": [0.9, 0.7], "val/f1": [0.1, 0.4]}, seconds=2.5)
    measured = two.measurement(2)
    assert (measured.epoch, measured.step, measured.seconds) == (2, 2, 5.0)
    assert measured.values == {"val/loss": 0.7, "val/f1": 0.4}
    assert measured.cause is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_none_with_a_cause(value):
    measured = Curve(values={"val/loss": [value], "val/f1": [0.5]}, seconds=1.0).measurement(1)
    assert measured.values == {"val/loss": None, "val/f1": 0.5}
    assert measured.cause == f"not finite: val/loss ({value})"


def test_metrics_must_have_the_same_epochs():
    with pytest.raises(ConfigurationError, match=r"'val/loss': 2, 'val/f1': 1.*one value per"):
        Curve(values={"val/loss": [0.9, 0.7], "val/f1": [0.1]}, seconds=1.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.inf, math.nan])
def test_an_epoch_takes_time(seconds):
    with pytest.raises(ConfigurationError, match=rf"seconds of a curve is {seconds}.*above 0"):
        curve(0.5, seconds=seconds)


@pytest.mark.parametrize("epoch", [0, 4])
def test_an_exception_needs_an_epoch_that_is_reached(epoch):
    with pytest.raises(ConfigurationError, match=rf"raises_in of a curve is {epoch}.*1 to 3"):
        curve(0.5, 0.4, raises_in=epoch)
    assert curve(0.5, 0.4, raises_in=3).n_epochs == 2


def test_something_must_happen():
    with pytest.raises(ConfigurationError, match="A curve of val/loss has no epoch"):
        curve()
    with pytest.raises(ConfigurationError, match="A curve of no metric has no epoch"):
        Curve(values={}, seconds=1.0)
    assert Curve(values={}, seconds=1.0, raises_in=1).n_epochs == 0


def test_a_table_finds_its_rows_whatever_the_order_of_keys():
    rows = [({"depth": d, "norm": "none"}, curve(float(d))) for d in (1, 2)]
    found = TableCurves(rows).curve({"norm": "none", "depth": 2}, n_epochs=1)
    assert found.values == {"val/loss": (2.0,)}


def test_a_table_names_the_configuration_that_it_lacks():
    table = TableCurves([({"depth": 1}, curve(0.5))])
    with pytest.raises(ConfigurationError, match=r"no row for \{'depth': 2\}; it has 1 others"):
        table.curve({"depth": 2}, n_epochs=1)


def test_a_table_has_each_configuration_once():
    with pytest.raises(ConfigurationError, match=r"two rows for \{'depth': 1\}"):
        TableCurves([({"depth": 1}, curve(0.5)), ({"depth": 1}, curve(0.6))])
