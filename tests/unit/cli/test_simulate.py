"""`simulate` says how a search would go on machines that are not there."""

from __future__ import annotations

import json

import pytest

from raysearch.cli.main import main

EXPERIMENT = """\
seed: 0
data: digits
model: mlp
objective: val/accuracy
searcher: random
scheduler: {name: asha, reduction_factor: 3}
fidelity: {max_epochs: 9}
budget: {trials: 40}
resources: {cpus: 1}
"""


@pytest.fixture
def simulated(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "search.yaml").write_text(EXPERIMENT)

    def simulate(*words):
        status = main(["simulate", "search.yaml", *words])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return simulate


def document(simulated, *words):
    status, out, err = simulated(*words, "--json")
    assert status == 0, err
    return json.loads(out)


def test_more_machines_take_less_time_and_the_same_work(simulated):
    given = ("--epoch-seconds", "10-40", "--cpus", "4", "--decision-ms", "0")
    one, five = (document(simulated, *given, "--nodes", n) for n in ("1", "5"))
    assert (one["trials_at_once"], five["trials_at_once"]) == (4, 20)
    assert one["trials"] == five["trials"] == 40
    assert 10 * one["epochs"] < one["busy_seconds"] < 40 * one["epochs"]
    assert five["seconds"] < one["seconds"] / 2
    assert one["node_hours"] == pytest.approx(one["seconds"] / 3600)
    assert one["cost"] is None
    assert one["gpu_hours"] == 0


def test_gpus_and_their_price_are_told(simulated):
    found = document(
        simulated,
        "resources.gpus=0.5",
        *("--nodes", "2", "--gpus", "2", "--epoch-seconds", "60", "--price", "3"),
    )
    assert found["trials_at_once"] == 8
    assert found["gpu_hours"] == pytest.approx(found["busy_seconds"] * 0.5 / 3600)
    assert found["cost"] == pytest.approx(3 * found["node_hours"])


def test_nodes_that_are_lost_cost_time(simulated):
    given = ("--nodes", "4", "--cpus", "2", "--epoch-seconds", "60")
    calm = document(simulated, *given)
    lossy = document(simulated, *given, "--hours-to-loss", "0.2", "--minutes-to-return", "5")
    assert calm["lost"] == 0 < lossy["lost"]
    assert lossy["seconds"] > calm["seconds"]
    assert lossy["trials"] == 40


def test_trials_of_several_workers_lie_on_several_nodes(simulated):
    shared = ("resources.workers=3", "space={data.batch_size: 48}")
    found = document(simulated, *shared, "--nodes", "10", "--cpus", "8", "--epoch-seconds", "60")
    assert found["trials_at_once"] == 26


def test_trials_at_once_are_what_the_file_allows(simulated):
    given = ("parallel=3", "--nodes", "10", "--epoch-seconds", "60")
    assert document(simulated, *given)["trials_at_once"] == 3


def test_a_budget_of_gpu_hours_ends_it(simulated):
    given = ("budget={gpu_hours: 2}", "resources.gpus=1", "--nodes", "2", "--gpus", "2")
    found = document(simulated, *given, "--epoch-seconds", "300")
    assert found["reason"] == "budget of 2 GPU hours used"
    assert 2 <= found["gpu_hours"] < 3


def test_a_person_reads_what_it_comes_to(simulated):
    status, out, _ = simulated("--nodes", "2", "--epoch-seconds", "5", "--hours-to-loss", "1")
    assert status == 0
    for words in ("2 nodes of 8 CPUs", "16 trials", "epochs of 5 s", "40 trials"):
        assert words in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--gpus", "1", "--cpus", "0.5"),
            "a node has 0.5 CPUs and 1 GPUs, and a worker of a trial needs 1",
        ),
        (("--epoch-seconds", "9-3"), "9-3 is not a number above 0, or LOW-HIGH"),
        (("--nodes", "0"), "0 is not a whole number"),
        (("--price", "-1"), "not a number of at least 0"),
        (("--like", "nowhere"), "nowhere is not a run directory"),
        (("searcher=nonsense",), "nonsense"),
        (("--hours-to-loss", "0"), "0 is not a number above 0"),
    ],
)
def test_what_cannot_be_is_refused(simulated, words, said):
    status, _, err = simulated("--epoch-seconds", "5", *words)
    assert status == 2
    assert said in err
