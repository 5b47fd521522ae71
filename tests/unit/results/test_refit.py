"""Handing the winner over: refit, copy, choice, and what happens when it is asked twice."""

from __future__ import annotations

import json

import pytest
import yaml

from raysearch.errors import ConfigurationError, RunDirectoryError, TrialFailed, Unsupported
from raysearch.results import Results
from raysearch.results.refit import NOT_REFITTED
from raysearch.run_dir import events as ev
from tests.recorded import VERSIONS, Bytes, Recorded


def refits_in(search):
    return [event for event in search.run_dir.events() if isinstance(event, ev.Refitted)]


class Fails(Bytes):
    """Writes the model, and then raises."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def refit(self, job, *, epochs, path):
        super().refit(job, epochs=epochs, path=path)
        raise self.error


REFUSED = Unsupported(
    "MyData's training and validation sets have different transforms. Add a loader."
)


@pytest.fixture
def ended(search):
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9, 0.8)
    search.trial(0.8)
    return search.finish()


def test_the_winner_is_trained_for_the_epochs_of_its_best_one(ended):
    executor, results = Bytes(), Results.open(ended.run_dir.path)
    model = results.refit(executor=executor)
    assert executor.refits == [("0001", 2)]
    assert (model.trial, model.epochs, model.refit) == ("0001", 2, True)
    assert model.path == "winner/model.ckpt"
    assert (ended.run_dir.path / model.path).read_bytes() == b"model of 0001"
    assert model.size_bytes == 13
    assert refits_in(ended) == [model]
    assert results.handover.refit == model
    assert results.model_of(results.trial("1")) == model


def test_asked_twice_it_is_trained_once_unless_again_is_asked_for(ended):
    executor = Bytes()
    Results.open(ended.run_dir.path).refit(executor=executor)
    Results.open(ended.run_dir.path).refit(executor=executor)
    assert len(executor.refits) == len(refits_in(ended)) == 1
    Results.open(ended.run_dir.path).refit(executor=executor, again=True)
    assert executor.refits == [("0001", 2), ("0001", 2)]
    assert len(refits_in(ended)) == 2


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"part")])
def test_a_model_that_is_not_whole_is_trained_again(ended, damage):
    executor = Bytes()
    Results.open(ended.run_dir.path).refit(executor=executor)
    damage(ended.run_dir.path / "winner" / "model.ckpt")
    Results.open(ended.run_dir.path).refit(executor=executor)
    assert len(executor.refits) == 2


def test_a_refit_that_is_interrupted_leaves_the_old_model_as_it_was(ended):
    results = Results.open(ended.run_dir.path)
    results.refit(executor=Bytes())
    with pytest.raises(KeyboardInterrupt):
        results.refit(trial="0002", executor=Fails(KeyboardInterrupt()))
    assert (ended.run_dir.path / "winner/model.ckpt").read_bytes() == b"model of 0001"
    assert results.winner is not None
    assert results.model_of(results.winner) is not None


@pytest.mark.parametrize("last", ["install", "write_config", "write_metrics"])
def test_a_machine_that_stops_leaves_no_model_under_another_name(ended, monkeypatch, last):
    """The model of 0002 is written over that of 0001, as long in bytes, and not journalled."""
    from raysearch.results import refit

    executor = Bytes()
    Results.open(ended.run_dir.path).refit(executor=executor)
    step = getattr(refit, last)

    def stops(*args, **kwargs):
        step(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(refit, last, stops)
    with pytest.raises(KeyboardInterrupt):
        Results.open(ended.run_dir.path).refit(trial="0002", executor=executor)
    monkeypatch.undo()
    Results.open(ended.run_dir.path).refit(executor=executor)
    assert (ended.run_dir.path / "winner/model.ckpt").read_bytes() == b"model of 0001"
    assert [trial for trial, _ in executor.refits] == ["0001", "0002", "0001"]


def test_a_machine_that_stops_before_the_journal_leaves_it_to_do(ended):
    with pytest.raises(KeyboardInterrupt):
        Results.open(ended.run_dir.path).refit(executor=Fails(KeyboardInterrupt()))
    assert refits_in(ended) == []
    executor = Bytes()
    Results.open(ended.run_dir.path).refit(executor=executor)  # the lease was given back, too
    assert executor.refits == [("0001", 2)]


def test_another_trial_becomes_the_winner_by_choice(ended):
    executor, results = Bytes(), Results.open(ended.run_dir.path)
    results.refit(executor=executor)
    results.refit(trial="2", executor=executor)
    assert executor.refits == [("0001", 2), ("0002", 1)]
    again = Results.open(ended.run_dir.path)
    assert again.winner is not None
    assert again.winner.id == "0002"
    assert again.selection.winner is not None
    assert again.selection.winner.id == "0001"
    again.refit(executor=executor)  # the winner's model is there
    assert len(executor.refits) == 2


def test_a_choice_ends_when_the_search_goes_on(ended):
    executor = Bytes()
    Results.open(ended.run_dir.path).refit(trial="0002", executor=executor)
    ended.extend().trial(0.1)
    results = Results.open(ended.run_dir.path)
    assert results.winner is not None
    assert results.winner.id == "0001"


def test_choosing_a_model_that_lies_there_is_recorded_without_training(ended):
    executor = Bytes()
    Results.open(ended.run_dir.path).refit(trial="0002", executor=executor)
    ended.extend().trial(0.1)
    ended.finish()
    results = Results.open(ended.run_dir.path)
    results.refit(trial="0002", executor=executor)
    assert executor.refits == [("0002", 1)]
    assert [event.trial for event in refits_in(ended)] == ["0002", "0002"]
    assert results.winner is not None
    assert results.winner.id == "0002"


def test_an_extended_search_hands_over_its_new_winner(ended):
    executor = Bytes()
    Results.open(ended.run_dir.path).refit(executor=executor)
    ended.extend().trial(0.95)
    ended.finish()
    results = Results.open(ended.run_dir.path)
    assert results.winner is not None
    assert results.model_of(results.winner) is None
    assert results.refit(executor=executor).trial == "0003"


def test_without_refit_the_best_checkpoint_is_copied(tmp_path):
    search = Recorded(tmp_path / "run", refit=False)
    search.trial(0.7, 0.9, 0.8)
    search.finish()
    (tmp_path / "run/trials/0000/epoch-0002.ckpt").write_bytes(b"y" * 1000)
    executor, results = Bytes(), Results.open(tmp_path / "run")
    model = results.refit(executor=executor)
    assert executor.refits == []
    assert (model.refit, model.reason, model.epochs) == (False, NOT_REFITTED, 2)
    assert (tmp_path / "run/winner/model.ckpt").read_bytes() == b"y" * 1000
    names = {path.name for path in (tmp_path / "run/winner").iterdir()}
    assert names == {"model.ckpt", "config.yaml", "metrics.json"}


@pytest.mark.parametrize(
    ("error", "phrase"),
    [
        (REFUSED, "MyData's training and validation sets have different transforms"),
        (TrialFailed("out of memory at 1.5 GB. Kept."), "out of memory at 1.5 GB"),
    ],
)
def test_where_training_again_is_not_possible_the_best_checkpoint_wins(ended, error, phrase):
    best = ended.run_dir.path / "trials/0001/epoch-0002.ckpt"
    best.write_bytes(b"y" * 1000)
    results = Results.open(ended.run_dir.path)
    model = results.refit(executor=Fails(error))
    assert (model.trial, model.refit, model.is_refused, model.epochs) == ("0001", False, True, 2)
    assert model.reason == (
        f"not refitted: {phrase}; the best checkpoint, of epoch 2, is the winner"
    )
    assert (ended.run_dir.path / model.path).read_bytes() == b"y" * 1000
    found = results.to_json()["winner"]
    assert (found["refit"], found["refit_reason"]) == (None, model.reason)
    metrics = json.loads((ended.run_dir.path / "winner/metrics.json").read_text())
    assert (metrics["refit"], metrics["refit_reason"]) == (None, model.reason)


def test_what_was_not_possible_is_tried_again_only_when_asked_for(ended):
    Results.open(ended.run_dir.path).refit(executor=Fails(REFUSED))
    executor = Bytes()
    assert not Results.open(ended.run_dir.path).refit(executor=executor).refit
    ended.extend().trial(0.1)
    ended.finish()
    assert not Results.open(ended.run_dir.path).refit(executor=executor).refit
    assert executor.refits == []
    assert Results.open(ended.run_dir.path).refit(executor=executor, again=True).refit
    assert executor.refits == [("0001", 2)]


def test_another_winner_is_tried_all_the_same(ended):
    Results.open(ended.run_dir.path).refit(executor=Fails(REFUSED))
    executor = Bytes()
    assert Results.open(ended.run_dir.path).refit(trial="0002", executor=executor).refit
    assert executor.refits == [("0002", 1)]


def test_a_refusal_without_a_checkpoint_to_take_says_why_and_names_the_next_best(ended):
    (ended.run_dir.path / "trials/0001/epoch-0002.ckpt").unlink()
    with pytest.raises(RunDirectoryError) as raised:
        Results.open(ended.run_dir.path).refit(trial="0001", executor=Fails(REFUSED))
    first, second, *_ = str(raised.value).splitlines()
    assert first.startswith(
        "Not refitted: MyData's training and validation sets have different transforms. "
    )
    assert "0001 has measurements up to epoch 3 but no readable checkpoint" in first
    assert second.startswith("The next best trial is 0002")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"trial": "0001"}'])
def test_what_no_longer_describes_the_model_is_written_again(ended, text):
    executor = Bytes()
    Results.open(ended.run_dir.path).refit(executor=executor)
    metrics = ended.run_dir.winner / "metrics.json"
    whole = json.loads(metrics.read_text())
    metrics.write_text(text)
    Results.open(ended.run_dir.path).refit(executor=executor)
    assert len(executor.refits) == 2
    assert json.loads(metrics.read_text()).keys() == whole.keys()


def test_classes_that_cannot_be_found_are_no_reason_to_take_the_checkpoint(ended):
    missing = ConfigurationError("There is no module nets.")
    with pytest.raises(ConfigurationError, match="no module nets"):
        Results.open(ended.run_dir.path).refit(executor=Fails(missing))
    assert refits_in(ended) == []


def test_a_checkpoint_whose_contents_changed_is_not_copied(tmp_path):
    search = Recorded(tmp_path / "run", refit=False)
    search.trial(0.962)
    search.trial(0.964)
    search.finish()
    (tmp_path / "run/trials/0001/epoch-0001.ckpt").write_bytes(b"PK\x03\x04" + bytes(996))
    with pytest.raises(
        RunDirectoryError, match=r"epoch-0001.ckpt is damaged.*\n.*best trial is 0000"
    ):
        Results.open(tmp_path / "run").refit(executor=Bytes())
    assert not (tmp_path / "run" / "winner" / "model.ckpt").exists()
    assert Results.open(tmp_path / "run").refit(trial="0", executor=Bytes()).trial == "0000"


def test_a_checkpoint_that_cannot_be_copied_names_the_next_best(tmp_path):
    search = Recorded(tmp_path / "run", refit=False)
    search.trial(0.962)
    search.trial(0.5, 0.964, 0.6)
    search.finish()
    (tmp_path / "run/trials/0001/epoch-0002.ckpt").write_bytes(b"")
    results = Results.open(tmp_path / "run")
    with pytest.raises(RunDirectoryError) as raised:
        results.refit(trial="0001", executor=Bytes())
    run = tmp_path / "run"
    assert str(raised.value) == (
        f"{run}/trials/0001 has measurements up to epoch 3 but no readable checkpoint of its best "
        "one (epoch-0002.ckpt is 0 bytes).\n"
        "The next best trial is 0000 (val/accuracy 0.962 against 0.964).\n"
        f"To refit that one: python -m raysearch refit {run} --trial 0000."
    )
    assert results.refit(executor=Bytes()).trial == "0000"


def test_with_refit_a_trial_without_checkpoint_can_be_trained_again(ended):
    (ended.run_dir.path / "trials/0001/epoch-0002.ckpt").unlink()
    executor, results = Bytes(), Results.open(ended.run_dir.path)
    assert results.winner is not None
    assert results.winner.id == "0002"
    results.refit(trial="0001", executor=executor)
    assert executor.refits == [("0001", 2)]


def test_a_search_without_winner_says_why(search):
    search.fail(error="ValueError: width")
    search.finish()
    with pytest.raises(RunDirectoryError) as raised:
        Results.open(search.run_dir.path).refit(executor=Bytes())
    assert str(raised.value) == (
        f"None of the 1 trials in {search.run_dir.path} has a finite val/accuracy; 1 of them "
        f"failed. To see why one did: python -m raysearch trial {search.run_dir.path} 0000."
    )


def test_a_search_whose_checkpoints_are_all_gone_says_so(search):
    search.trial(0.5, keep=False)
    search.finish()
    with pytest.raises(RunDirectoryError, match=r"0000 has .* no readable .*\n.*No other trial"):
        Results.open(search.run_dir.path).refit(executor=Bytes())


def test_a_search_without_trials_names_resume(search):
    search.finish()
    with pytest.raises(RunDirectoryError, match=r"no trials yet.*raysearch resume .*small-1"):
        Results.open(search.run_dir.path).refit(executor=Bytes())


def test_a_trial_without_value_is_refused(ended):
    ended.extend().trial(None)
    ended.finish()
    with pytest.raises(ConfigurationError, match=r"Trial 0003 .*finite val/accuracy.*is 0001"):
        Results.open(ended.run_dir.path).refit(trial="0003", executor=Bytes())


def test_config_says_what_the_model_is(ended):
    results = Results.open(ended.run_dir.path)
    results.refit(executor=Bytes())
    text = (ended.run_dir.path / "winner/config.yaml").read_text()
    assert '# model = MLP.load_from_checkpoint("model.ckpt")\n' in text
    config = yaml.safe_load(text)
    winner = results.trial("0001")
    assert config["configuration"] == winner.configuration
    assert config["model"]["class"] == "raysearch.models.mlp.module:MLP"
    assert config["model"]["arguments"]["width"] == winner.configuration["width"]
    assert config["data"]["arguments"]["batch_size"] == winner.configuration["data.batch_size"]
    assert (config["trial"], config["epochs"], config["seed"]) == ("0001", 2, 0)
    assert config["versions"] == VERSIONS


def test_metrics_compare_with_the_default(ended):
    Results.open(ended.run_dir.path).refit(executor=Bytes())
    metrics = json.loads((ended.run_dir.path / "winner/metrics.json").read_text())
    assert metrics["trial"] == "0001"
    assert metrics["best_epoch"] == metrics["refit"]["epochs"] == 2
    assert metrics["validation"]["val/accuracy"] == 0.9
    assert metrics["default"]["validation"]["val/accuracy"] == 0.6
    assert metrics["test"] is None


def test_whoever_holds_the_lease_gives_his_own_record(ended):
    lease = ended.run_dir.lease()
    lease.acquire()
    try:
        recorded, state = [], ended.engine.state
        results = Results(ended.run_dir, state=state, experiment=ended.experiment)

        def record(event):
            recorded.append(event)
            state.apply(event)

        results.refit(executor=Bytes(), record=record)
        assert [event.trial for event in recorded] == ["0001"]
        assert results.winner is not None
        assert results.model_of(results.winner) == recorded[0]
        with pytest.raises(RunDirectoryError, match="in use by process"):
            Results.open(ended.run_dir.path).refit(executor=Bytes(), again=True)
    finally:
        lease.release()
