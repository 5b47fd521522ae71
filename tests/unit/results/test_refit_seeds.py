"""Models of further seeds: which are trained, and what a kill leaves."""

from __future__ import annotations

import pytest
import yaml

from raysearch.errors import ConfigurationError, RunDirectoryError, TrialFailed, Unsupported
from raysearch.run_dir import events as ev
from tests.recorded import Bytes
from tests.unit.results.seeded import Fails, Varies, ended, events, metrics, model_of, opened

FOLDER = "winner/seeds"


def files(search):
    return {p.name: p.read_bytes() for p in sorted((search.run_dir.path / FOLDER).glob("*"))}


def test_each_seed_has_a_model_and_the_first_is_the_winner(three):
    executor, said = Bytes(), []
    model = opened(three).refit(executor=executor, say=said.append)
    assert executor.refits == [("0001", 2)] * 3
    assert executor.repeats == [0, 1, 2]
    assert (three.run_dir.path / "winner/model.ckpt").read_bytes() == b"model of 0001"
    assert files(three) == {"1.ckpt": b"model of 0001+", "2.ckpt": b"model of 0001++"}
    assert (model.n_models, model.seed_bytes, model.is_complete) == (3, (14, 15), True)
    assert model_of(three) == model
    doing = "refitting the winner on train + validation data"
    assert said == [f"{doing}: refit 1 of 3", f"{doing}: refits 2 to 3 of 3"]
    assert [event.n_models for event in events(three, ev.Refitted)] == [1, 2, 3]
    assert not list((three.run_dir.path / "winner").glob("next*"))


def test_config_names_the_files_of_all(three):
    opened(three).refit(executor=Bytes())
    text = (three.run_dir.path / "winner/config.yaml").read_text()
    assert "opened in the same way: seeds/1.ckpt, seeds/2.ckpt\n" in text
    assert yaml.safe_load(text)["seeds"] == ["model.ckpt", "seeds/1.ckpt", "seeds/2.ckpt"]
    assert metrics(three)["refit"]["seeds"] == 3
    assert opened(three).to_json()["winner"]["refit"] == {"epochs": 2, "seeds": 3}


def test_with_one_seed_there_is_no_folder_for_others(one):
    model = opened(one).refit(executor=Bytes())
    assert (model.seeds, model.n_models) == (1, 1)
    assert not (one.run_dir.path / FOLDER).exists()
    text = (one.run_dir.path / "winner/config.yaml").read_text()
    assert yaml.safe_load(text)["seeds"] == ["model.ckpt"]
    assert "other seeds" not in text


def test_only_what_is_missing_is_trained(one):
    opened(one).refit(executor=Bytes())
    executor = Bytes()
    opened(one).refit(executor=executor, seeds=2)
    opened(one).refit(executor=executor, seeds=4)
    opened(one).refit(executor=executor, seeds=3)  # which are there
    opened(one).refit(executor=executor)
    assert executor.repeats == [1, 2, 3]
    assert model_of(one).n_models == 4


@pytest.mark.parametrize("stops", [0, 1, 2])
def test_a_refit_that_is_killed_is_gone_on_with(three, stops):
    with pytest.raises(KeyboardInterrupt):
        opened(three).refit(executor=Fails(KeyboardInterrupt(), repeat=stops))
    there = model_of(three)
    assert (there.n_models if there else 0) == stops
    executor = Bytes()
    model = opened(three).refit(executor=executor)
    assert executor.repeats == [0, 1, 2][stops:]
    assert (model.n_models, model_of(three)) == (3, model)


@pytest.mark.parametrize("last", ["install_seed", "write_config", "write_metrics"])
def test_a_machine_that_stops_before_the_journal_does_that_model_again(three, monkeypatch, last):
    from raysearch.results import refit_seeds

    step = getattr(refit_seeds, last)

    def stops(*args, **kwargs):
        step(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(refit_seeds, last, stops)
    with pytest.raises(KeyboardInterrupt):
        opened(three).refit(executor=Bytes())
    monkeypatch.undo()
    assert model_of(three).n_models == 1
    executor = Bytes()
    opened(three).refit(executor=executor)
    assert executor.repeats == [1, 2]


def test_a_call_that_asked_for_more_is_gone_on_with_too(one):
    with pytest.raises(KeyboardInterrupt):
        opened(one).refit(executor=Fails(KeyboardInterrupt(), repeat=1), seeds=3)
    executor = Bytes()
    assert opened(one).refit(executor=executor).n_models == 3
    assert executor.repeats == [1, 2]


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"part")])
def test_a_model_that_is_not_whole_is_trained_again(three, damage):
    opened(three).refit(executor=Bytes())
    damage(three.run_dir.path / FOLDER / "1.ckpt")
    assert model_of(three).n_models == 1
    executor = Bytes()
    assert opened(three).refit(executor=executor).n_models == 3
    assert executor.repeats == [1, 2]  # a gap in the middle: what comes after it, too


def test_another_winner_takes_none_of_the_former_ones_seeds(three):
    opened(three).refit(executor=Bytes())
    with pytest.raises(KeyboardInterrupt):
        opened(three).refit(trial="2", executor=Fails(KeyboardInterrupt(), repeat=1))
    assert (model_of(three).trial, model_of(three).n_models) == ("0002", 1)
    assert files(three) == {}
    opened(three).refit(trial="2", executor=Bytes())
    assert files(three) == {"1.ckpt": b"model of 0002+", "2.ckpt": b"model of 0002++"}


def test_again_trains_all_of_them(three):
    executor = Bytes()
    opened(three).refit(executor=executor)
    opened(three).refit(executor=executor, again=True)
    assert executor.repeats == [0, 1, 2, 0, 1, 2]
    opened(three).refit(executor=executor, again=True, seeds=2)
    assert list(files(three)) == ["1.ckpt"]


class LastFirst(Varies):
    """Has the models of the last seeds first, as processes that work side by side may."""

    def each(self, works):
        yield from ((len(works) - 1 - n, done) for n, done in super().each(works[::-1]))


def test_models_count_in_the_order_of_their_seeds_whichever_is_there_first(three):
    opened(three).refit(executor=LastFirst())
    assert files(three) == {"1.ckpt": b"model of 0001+", "2.ckpt": b"model of 0001++"}
    assert [event.n_models for event in events(three, ev.Refitted)] == [1, 2, 3]


def test_what_is_there_after_one_that_failed_is_not_kept(three):
    class LastFirstFails(LastFirst, Fails):
        pass

    model = opened(three).refit(executor=LastFirstFails(OUT_OF_MEMORY, repeat=1))
    assert (model.n_models, files(three)) == (1, {})
    assert "refit 2 of 3 failed" in model.seeds_reason
    assert not list((three.run_dir.path / "winner").glob("next*"))


def test_nothing_that_does_not_count_is_left_by_an_interrupt(three):
    class LastFirstFails(LastFirst, Fails):
        pass

    with pytest.raises(KeyboardInterrupt):
        opened(three).refit(executor=LastFirstFails(KeyboardInterrupt(), repeat=1))
    assert model_of(three).n_models == 1
    assert not list((three.run_dir.path / "winner").glob("next*"))


OUT_OF_MEMORY = TrialFailed("out of memory at 1.5 GB. Kept.")


@pytest.mark.parametrize(
    ("repeat", "there"), [(1, "there is one model only"), (2, "there are 2 models only")]
)
def test_a_seed_that_cannot_be_trained_leaves_those_before_it(three, repeat, there):
    reason = f"refit {repeat + 1} of 3 failed: out of memory at 1.5 GB; {there}"
    model = opened(three).refit(executor=Fails(OUT_OF_MEMORY, repeat=repeat))
    assert (model.n_models, model.seeds_reason, model.is_complete) == (repeat, reason, True)
    assert model.refit
    executor = Varies()
    assert opened(three).refit(executor=executor) == model  # not tried again by itself
    assert opened(three).test(executor=executor).values == {"test/accuracy": 0.75}
    assert executor.repeats == list(range(repeat))
    assert opened(three).to_json()["winner"]["seeds_reason"] == reason
    assert opened(three).refit(executor=executor, seeds=3).n_models == 3  # asked for


def test_a_full_disk_keeps_the_models_before(three):
    full = RunDirectoryError("the disk is full.")
    with pytest.raises(RunDirectoryError, match="disk is full"):
        opened(three).refit(executor=Fails(full, repeat=1))
    assert (model_of(three).n_models, model_of(three).seeds_reason) == (1, "")


def test_where_no_refit_is_possible_there_is_one_model(three):
    refused = Unsupported("MyData has no loader of both. Add one.")
    model = opened(three).refit(executor=Fails(refused, repeat=0))
    assert (model.refit, model.n_models, model.is_complete) == (False, 1, True)
    executor = Bytes()
    opened(three).refit(executor=executor)
    assert executor.refits == []
    outcome = opened(three).test(executor=executor)
    assert (executor.repeats, outcome.spread) == ([0], None)


def test_seeds_are_refused_where_nothing_is_to_be_refitted(tmp_path):
    search = ended(tmp_path / "run", False)
    with pytest.raises(ConfigurationError) as raised:
        opened(search).refit(executor=Bytes(), seeds=3)
    assert "3 seeds are wanted" in str(raised.value)
    assert f"python -m raysearch resume {search.run_dir.path} refit.seeds=3" in str(raised.value)
    assert events(search, ev.Refitted) == []


@pytest.mark.parametrize("seeds", [0, 101, True, 2.0])
def test_a_number_of_seeds_out_of_range_is_refused(one, seeds):
    with pytest.raises(ConfigurationError, match=f"seeds is {seeds!r}.*from 1 to 100"):
        opened(one).refit(executor=Bytes(), seeds=seeds)
