"""What a search would be like on a cluster."""

from __future__ import annotations

import pytest

from raysearch.experiment import from_settings
from raysearch.preflight import Probe
from raysearch.tuning.capacity import Capacity, NodeKind
from raysearch.tuning.outlook import at_once_text, idle_text, outlook

TWO = Capacity(now=(NodeKind(count=2, cpus=8, gpus=4),))
PROBE = Probe(module="Net", train_batches=100, train_batch_s=0.1, validation_batches=1,
              validation_batch_s=0.1, seconds=1.0)  # fmt: skip


@pytest.fixture
def searched():
    def make(**settings):
        return from_settings(
            {
                "data": "digits",
                "model": "mlp",
                "objective": "val/accuracy",
                "fidelity": {"max_epochs": 4},
                "budget": {"trials": 100},
                "resources": {"cpus": 2, "gpus": 1},
                "scheduler": "none",
                **settings,
            }
        )

    return make


def test_all_of_a_cluster_is_used_where_it_fits(searched):
    seen = outlook(searched(), TWO, probes=[PROBE])
    assert (seen.fits_now, seen.at_once, seen.limit) == (8, 8, "")
    assert (seen.idle_cpus, seen.idle_gpus) == (0, 0)
    assert at_once_text(seen) == "8 trials"


def test_what_cores_are_missing_for_stays_idle(searched):
    seen = outlook(searched(resources={"cpus": 4, "gpus": 1}), TWO, probes=[])
    assert (seen.at_once, seen.idle_gpus) == (4, 4)
    assert idle_text(seen) == "4 of 8 GPUs, 0 of 16 CPUs"


@pytest.mark.parametrize(
    ("settings", "at_once", "limit"),
    [({"parallel": 3}, 3, "parallel is 3"), ({"budget": {"trials": 5}}, 5, "budget.trials is 5")],
)
def test_what_the_experiment_does_not_use_is_said(searched, settings, at_once, limit):
    seen = outlook(searched(**settings), TWO, probes=[])
    assert (seen.at_once, seen.limit, seen.idle_gpus) == (at_once, limit, 8 - at_once)
    assert at_once_text(seen) == f"{at_once} trials, since {limit}; 8 would fit"


def test_a_cluster_that_grows_is_counted_as_grown(searched):
    growing = Capacity(
        now=(NodeKind(count=1, cpus=0, gpus=0),),
        later=(NodeKind(count=6, cpus=8, gpus=1),),
        most_nodes=6,
    )
    seen = outlook(searched(), growing, probes=[])
    assert (seen.fits_now, seen.at_once) == (0, 6)
    assert at_once_text(seen) == "0 trials now, 6 when the cluster has grown"


def test_gpu_hours_are_the_seconds_times_what_trials_hold(searched):
    few = {"budget": {"trials": 32}}
    seen = outlook(searched(**few), TWO, probes=[PROBE])
    assert seen.cost is not None and seen.cost.seconds is not None and seen.gpu_hours is not None
    assert seen.cost.slots == 8
    assert seen.gpu_hours == tuple(pytest.approx(s * 8 / 3600) for s in seen.cost.seconds)
    one = outlook(searched(parallel=1, **few), TWO, probes=[PROBE])
    assert one.cost.seconds[0] > 4 * seen.cost.seconds[0]


def test_without_gpus_there_are_no_gpu_hours(searched):
    seen = outlook(searched(resources={"cpus": 1}, budget={"trials": 32}), TWO, probes=[PROBE])
    assert (seen.gpu_hours, seen.at_once) == (None, 16)
