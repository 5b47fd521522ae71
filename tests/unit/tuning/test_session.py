"""What Ray would bury ends the session."""

from __future__ import annotations

import pytest

from raysearch.tuning.source import TrialSource
from tests.unit.tuning.test_adapter import House

pytestmark = pytest.mark.timeout(120)  # the import of ray.tune


def test_a_cluster_that_cannot_be_asked_for_its_size_ends_the_session():
    house, fault = House(), RuntimeError("the cluster does not answer")

    def ask():
        raise fault

    house.session.slots = ask
    assert TrialSource(house.session).next_trial() is None
    assert house.session.error is fault
    assert house.session.must_stop
    house.session.look_around(is_one_starting=False)  # nor does it raise in another step
