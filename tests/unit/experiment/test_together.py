"""What a trial is given, beside how it is trained."""

from __future__ import annotations

import pytest

from raysearch.experiment import Resources

TWO = "resources: {workers: 2}"


def test_several_workers_are_taken_as_written(loaded):
    resources = loaded(
        "resources: {cpus: 2, gpus: 1, workers: 4, accelerator_type: A100}"
    ).resources
    assert resources == Resources(cpus=2, gpus=1, workers=4, accelerator_type="A100")
    assert resources.of_worker() == {"CPU": 2, "GPU": 1, "accelerator_type:A100": 0.001}
    assert resources.of_trial() == {"CPU": 8, "GPU": 4, "accelerator_type:A100": 0.004}


def test_files_without_them_mean_one_worker(loaded):
    resources = loaded().resources
    assert (resources.workers, resources.accelerator_type) == (1, None)
    assert resources.of_trial() == {"CPU": 1.0}


@pytest.mark.parametrize(
    ("edit", "more", "said"),
    [
        ("resources: {gpus: 0.5, workers: 2}", (), ["2 workers cannot share a GPU", "gpus: 1"]),
        ("resources: {workers: 0}", (), ["resources.workers is 0", "at least 1"]),
        (
            "resources: {accelerator_type: A100}",
            (),
            ["accelerator_type is A100, and gpus is 0", "gpus: 1"],
        ),
        (
            "resources: {gpus: 1, accelerator_type: a b}",
            (),
            ['accelerator_type is "a b"', "such as A100"],
        ),
        (
            "resources: {workers: 3}",
            (),
            ["resources.workers is 3, and data.batch_size may be 16", "multiples of 3"],
        ),
        (TWO, ("loop=lean",), ["loop is lean", "resources.workers is 2"]),
        (TWO, ("trainer.overfit_batches=4",), ["trainer.overfit_batches", "resources.workers"]),
        (TWO, ("trainer.strategy=ddp_spawn",), ["trainer.strategy is ddp_spawn", "write ddp"]),
        (TWO, ("trainer.strategy=fsdp",), ["trainer.strategy is fsdp", "resources.gpus is 0"]),
        ("trainer: {strategy: fsdp}", (), ["trainer.strategy is fsdp", "resources.gpus is 0"]),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(refused, edit, more, said):
    text = " ".join(refused(edit, *more))
    assert all(words in text for words in said), text


def test_sharded_models_go_with_gpus(loaded):
    found = loaded("resources: {gpus: 1, workers: 4}", "trainer.strategy=fsdp")
    assert found.trainer == {"strategy": "fsdp"}


def test_batches_are_halved_where_their_size_is_known(loaded):
    assert loaded("failures: {on_oom: halve_batch}").failures.on_oom == "halve_batch"


def test_batches_of_unknown_size_are_not_halved(refused):
    own = ("model=tests.together:Plain", "space={learning_rate: {float: [0.1, 0.2]}}")
    text = " ".join(refused("data: tests.together:InOneBatch", *own, "failures.on_oom=halve_batch"))
    assert "failures.on_oom is halve_batch, and nothing says what the batch size is" in text
