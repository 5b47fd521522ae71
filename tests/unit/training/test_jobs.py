"""What a worker is told, at the first start of a trial and at a later one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from raysearch.experiment import from_settings
from raysearch.training.batches import with_batches_halved
from raysearch.training.job import Stage
from raysearch.training.jobs import job_for
from raysearch.trial import Checkpoint, Measurement, Takeover, Trial
from tests.recorded import SETTINGS


@pytest.fixture
def experiment():
    return from_settings({**SETTINGS, "trainer": {"gradient_clip_val": 1.0}})


def trial_with(experiment, *values, checkpoints=()):
    measured = tuple(
        Measurement(epoch=e, step=e, values={"val/accuracy": value}, seconds=e * 1.5)
        for e, value in enumerate(values, start=1)
    )
    kept = tuple(
        Checkpoint(epoch=e, path=f"trials/0003/epoch-{e:04d}.ckpt", size_bytes=1)
        for e in checkpoints
    )
    return Trial(
        id="0003",
        number=3,
        configuration=experiment.space.default(),
        measurements=measured,
        checkpoints=kept,
    )


def test_a_new_trial_starts_from_nothing(experiment, tmp_path):
    job = job_for(experiment, trial_with(experiment), run_dir=tmp_path)
    assert job.model_class == "raysearch.models.mlp.module:MLP"
    assert job.model_arguments["width"] == 8
    assert job.data_arguments["seed"] == experiment.seed == job.seed
    assert job.directory == str(tmp_path / "trials" / "0003")
    assert job.trainer_arguments == {"gradient_clip_val": 1.0}
    assert (job.resume_from, job.seconds_before, job.best_before) == (None, 0.0, None)
    assert job.epochs_before == 0
    assert (job.max_epochs, job.threads, job.accelerator) == (4, 1, "cpu")


def test_a_later_start_reads_the_last_checkpoint(experiment, tmp_path):
    trial = trial_with(experiment, 0.5, 0.7, 0.6, checkpoints=[2, 3])
    job = job_for(experiment, trial, run_dir=tmp_path)
    assert job.resume_from == str(tmp_path / "trials" / "0003" / "epoch-0003.ckpt")
    assert (job.epochs_before, job.seconds_before, job.best_before) == (3, 4.5, 0.7)


def test_the_checkpoint_of_a_best_epoch_that_was_lost_is_written_again(experiment, tmp_path):
    trial = trial_with(experiment, 0.5, 0.6, 0.9, checkpoints=[2])
    job = job_for(experiment, trial, run_dir=tmp_path)
    assert (job.seconds_before, job.best_before) == (3.0, 0.6)


def test_each_older_checkpoint_and_the_start_stand_behind_the_last(experiment, tmp_path):
    trial = trial_with(experiment, 0.5, 0.7, 0.6, checkpoints=[2, 3])
    job = job_for(experiment, trial, run_dir=tmp_path)
    older = job.otherwise
    assert (older.epochs_before, older.seconds_before, older.best_before) == (2, 3.0, 0.7)
    assert older.resume_from == str(tmp_path / "trials" / "0003" / "epoch-0002.ckpt")
    assert older.otherwise == job_for(experiment, trial_with(experiment), run_dir=tmp_path)


def test_threads_and_accelerator_follow_the_resources(experiment, tmp_path):
    resources = replace(experiment.resources, cpus=3.5, gpus=0.5)
    job = job_for(
        replace(experiment, resources=resources), trial_with(experiment), run_dir=tmp_path
    )
    assert (job.threads, job.accelerator) == (3, "gpu")


def test_the_loop_is_that_of_the_experiment(experiment, tmp_path):
    for loop in ("auto", "lean", "trainer"):
        changed = replace(experiment, loop=loop)
        assert job_for(changed, trial_with(experiment), run_dir=tmp_path).loop == loop


def test_where_memory_ran_out_batches_are_halved_and_added_up(tmp_path):
    settings = {**SETTINGS, "trainer": {"accumulate_grad_batches": 3}}
    halving = from_settings({**settings, "failures": {"on_oom": "halve_batch"}})
    trial = replace(trial_with(halving), n_out_of_memory=2)
    first = job_for(halving, replace(trial, n_out_of_memory=0), run_dir=tmp_path)
    job = job_for(halving, trial, run_dir=tmp_path)
    assert job.data_arguments["batch_size"] == first.data_arguments["batch_size"] // 4
    assert first.trainer_arguments == {"accumulate_grad_batches": 3}
    assert job.trainer_arguments == {"accumulate_grad_batches": 12}
    assert job_for(from_settings(settings), trial, run_dir=tmp_path) == first


def test_batches_are_halved_as_long_as_workers_can_share_them(tmp_path):
    together = {"resources": {"workers": 4}, "failures": {"on_oom": "halve_batch"}}
    halving = from_settings({**SETTINGS, **together})
    trial = replace(trial_with(halving), n_out_of_memory=99)
    job = job_for(halving, trial, run_dir=tmp_path)
    assert job.data_arguments["batch_size"] == 4
    assert with_batches_halved(job, times=1, workers=4) is job
    twelve = replace(job, data_arguments={"batch_size": 12})
    assert with_batches_halved(twelve, times=1, workers=4) is twelve  # 6 are not shared by 4


def test_batches_of_earlier_stages_are_halved_too(tmp_path, experiment):
    job = job_for(experiment, trial_with(experiment), run_dir=tmp_path)
    stage = Stage(until=3, model_arguments={}, data_arguments={"batch_size": 64})
    job = replace(job, data_arguments={"batch_size": 32}, history=(stage,))
    halved = with_batches_halved(job, times=2)
    assert halved.data_arguments["batch_size"] == 8
    assert halved.history[0].data_arguments["batch_size"] == 16


def test_batches_are_halved_down_to_one_example(tmp_path):
    halving = from_settings({**SETTINGS, "failures": {"on_oom": "halve_batch"}})
    job = job_for(halving, replace(trial_with(halving), n_out_of_memory=99), run_dir=tmp_path)
    assert job.data_arguments["batch_size"] == 1


@pytest.mark.parametrize(("gpus", "share"), [(0, None), (0.25, 0.25), (1, None)])
def test_a_process_that_shares_a_gpu_has_a_share_of_its_memory(gpus, share, tmp_path):
    found = from_settings({**SETTINGS, "resources": {"gpus": gpus}})
    assert job_for(found, trial_with(found), run_dir=tmp_path).gpu_share == share


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({"learning_rate": (0.1, 0.2), "data.batch_size": (64, 128)}, False),
        ({"learning_rate": (0.1, 0.2), "width": (8, 12)}, True),
        ({"mlp.width": (8, 12)}, True),
    ],
)
def test_only_weights_of_another_architecture_are_looked_at_before(
    experiment, tmp_path, changes, may
):
    source = Checkpoint(epoch=2, path="trials/0001/epoch-0002.ckpt", size_bytes=1)
    taken = Takeover(source="0001", checkpoint=source, before={}, changes=changes)
    trial = replace(trial_with(experiment, 0.5, 0.7), takeovers=(taken,))
    job = job_for(experiment, trial, run_dir=tmp_path)
    assert (job.takes_over, job.may_have_grown) == (True, may)
    own = Checkpoint(epoch=3, path="trials/0003/epoch-0003.ckpt", size_bytes=1)
    later = job_for(experiment, replace(trial, checkpoints=(own,)), run_dir=tmp_path)
    assert (later.takes_over, later.may_have_grown) == (False, False)
