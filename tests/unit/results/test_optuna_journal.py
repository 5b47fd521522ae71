"""Does Optuna read back from the export what the journal says?"""

from __future__ import annotations

from datetime import datetime

import optuna
import pytest

from raysearch.errors import ConfigurationError
from raysearch.results import Results, optuna_journal
from raysearch.results.optuna_journal import export_to_optuna
from raysearch.trial import TrialStatus
from tests.many import many
from tests.recorded import Recorded

STATES = optuna.trial.TrialState


def studies_in(path):
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    storage = optuna.storages.JournalStorage(backend)
    return {
        s.study_name: optuna.load_study(study_name=s.study_name, storage=storage)
        for s in storage.get_all_studies()
    }


def exported(tmp_path, *found):
    path = tmp_path / "export.log"
    names = export_to_optuna(found, path)
    return names, studies_in(path)


def test_every_trial_is_there_with_its_values_times_and_configuration(tmp_path):
    results = Results.read(many(tmp_path / "run", 25).path)
    names, studies = exported(tmp_path, results)
    assert names == ["run"]
    study = studies["run"]
    assert study.direction is optuna.study.StudyDirection.MAXIMIZE
    assert study.metric_names == ["val/accuracy"]
    assert len(study.trials) == 25
    for told, known in zip(study.trials, results.state.trials.values(), strict=True):
        curve = {m.epoch: m.values["val/accuracy"] for m in known.measurements}
        assert told.number == known.number
        assert told.intermediate_values == curve
        assert told.user_attrs["id"] == known.id
        assert told.datetime_complete == datetime.fromtimestamp(known.ended_at)
        assert {name.partition("[")[0]: v for name, v in told.params.items()} == dict(
            known.configuration
        )


def test_what_became_of_a_trial_is_said_in_optunas_words(tmp_path):
    results = Results.read(many(tmp_path / "run", 25).path)
    _, studies = exported(tmp_path, results)
    words = {
        TrialStatus.COMPLETED: STATES.COMPLETE,
        TrialStatus.STOPPED: STATES.PRUNED,
        TrialStatus.FAILED: STATES.FAIL,
    }
    known = list(results.state.trials.values())
    assert {t.status for t in known} == set(words)
    assert [t.state for t in studies["run"].trials] == [words[t.status] for t in known]
    best = max(
        (t for t in known if t.status is TrialStatus.COMPLETED),
        key=lambda t: t.value(results.objective),
    )
    assert studies["run"].best_trial.number == best.number


def test_ranges_are_those_of_the_space(tmp_path):
    _, studies = exported(tmp_path, Results.read(many(tmp_path / "run", 5).path))
    first = studies["run"].trials[0].distributions
    assert first["width"] == optuna.distributions.IntDistribution(8, 64)
    rate = next(d for name, d in first.items() if name.startswith("learning_rate"))
    assert (rate.low, rate.high, rate.log) == (1e-4, 1e-1, True)
    assert isinstance(first["optimizer"], optuna.distributions.CategoricalDistribution)


def test_a_trial_in_training_is_running(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(0.5)
    search.begin(0.6)
    search.journal.close()
    _, studies = exported(tmp_path, Results.read(search.run_dir.path))
    assert [t.state for t in studies["run"].trials] == [STATES.COMPLETE, STATES.RUNNING]


def test_several_runs_are_several_studies(tmp_path):
    one = Results.read(many(tmp_path / "a" / "run", 3).path)
    other = Results.read(many(tmp_path / "b" / "run", 4).path)
    names, studies = exported(tmp_path, one, other)
    assert names == ["run", "run-2"]
    assert [len(studies[name].trials) for name in names] == [3, 4]


def test_a_file_that_exists_is_left_alone(tmp_path):
    results = Results.read(many(tmp_path / "run", 3).path)
    path = tmp_path / "export.log"
    path.write_text("mine")
    with pytest.raises(ConfigurationError, match=r"export\.log exists, and Optuna would append"):
        export_to_optuna([results], path)
    assert path.read_text() == "mine"


def test_without_optuna_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    results = Results.read(many(tmp_path / "run", 3).path)
    monkeypatch.setattr(optuna_journal, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'raysearch\[optuna\]'"):
        export_to_optuna([results], tmp_path / "export.log")
