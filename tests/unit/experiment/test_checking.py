"""Keys that there are not: what they were probably meant to be, and what is then not missing."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings

SOUND = {
    "data": "digits",
    "model": "mlp",
    "objective": "val/accuracy",
    "fidelity": {"max_epochs": 9},
}


def faults(**changed):
    given = {key: value for key, value in {**SOUND, **changed}.items() if value is not None}
    with pytest.raises(ConfigurationError) as refused:
        from_settings(given)
    *found, _ = str(refused.value).splitlines()
    return [fault.removeprefix("settings given in Python: ") for fault in found]


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("metric", "val/loss", "Write it inside objective or objectives."),
        ("trials", 8, "Write it inside budget or compress."),
        ("precision", "bf16-mixed", "Write it inside trainer."),
        ("max_epochs", 9, "Write it inside fidelity or compress."),
        ("budget.trials", 8, "Write trials inside budget."),
        ("data.batch_size", 8, "Write data.batch_size inside space."),
        ("mlp.width", 8, "Write mlp.width inside space."),
        ("space.width", 8, "Write width inside space."),
        ("model.hidden", 8, "Write hidden inside space."),
        ("data.args.validation", 0.3, "Write args.validation inside data."),
        ("n_trials", 8, "It is called budget.trials here."),
        ("grace_period", 1, "It is called scheduler.min_epochs here."),
        ("sampler", "random", "It is called searcher here."),
        ("lr", 0.1, "It is called space.learning_rate here."),
        ("Seed", 3, "Did you mean seed?"),
        ("includes", "a.yaml", "Did you mean include?"),
        ("hidden", 3, "If it is a parameter, write it inside space."),
        ("args", {}, "If it is a parameter, write it inside space."),
        ("search", {"seed": 3, "parallel": 1}, "Write its keys at the top level."),
    ],
)
def test_an_unknown_key_at_the_top_level_is_told_where_it_belongs(key, value, hint):
    (fault,) = faults(**{key: value})
    assert fault.startswith(f"{key} is not a key of an experiment file. {hint} Valid: budget,")
    assert ", include, " in fault


@pytest.mark.parametrize(
    ("section", "value", "words"),
    [
        ("budget", {"num_samples": 8}, "budget.num_samples is not a key of budget. Did you mean t"),
        ("objective", {"metric": "val/loss", "mode": "min"}, "Did you mean direction? Valid:"),
        ("scheduler", {"eta": 3}, "is not a setting of asha. Did you mean reduction_factor?"),
        ("searcher", {"max_t": 3}, "It is called fidelity.max_epochs here. Valid: name,"),
        ("trainer", {"gpus": 1}, "It is called resources.gpus here."),
        ("trainer", {"max_epochs": 1}, "trainer.max_epochs is set by raysearch."),
        ("model", {"name": "mlp", "lr": 1}, "model.lr is not a key of model. Arguments go under"),
        ("model", {"name": "mlp", "arg": {}}, "model.arg is not a key of model. Did you mean args"),
        ("trainer", {"callbacks": [{"class": "EarlyStopping", "max_epochs": 3}]},
         "trainer.callbacks.max_epochs is not a key of trainer.callbacks. Arguments go under args"),
        ("trainer", {"strategy": {"klass": "a:B"}},
         "trainer.strategy.klass is not a key of trainer.strategy. Did you mean class?"),
        ("data", {"name": "digits", "spec": {"tsk": "regression", "input_shape": [1],
                                             "n_outputs": 1, "n_train": 9}},
         "data.spec.tsk is not a key of data.spec. Did you mean task?"),
    ],
)  # fmt: skip
def test_an_unknown_key_inside_a_section_is_told_where_it_belongs(section, value, words):
    (fault,) = faults(**{section: value})
    assert words in fault


@pytest.mark.parametrize(
    "changed",
    [
        {"objective": None, "metric": "val/accuracy"},
        {"fidelity": None, "epochs": 9},
        {"fidelity": None, "fidelty": {"max_epochs": 9}},
        {"model": None, "network": "mlp"},
        {"data": None, "dataset": "digits"},
        {"data": None, "model": None, "in": {"model": "mlp", "data": "digits"}},
    ],
)
def test_what_is_given_under_another_key_is_not_called_missing(changed):
    (fault,) = faults(**changed)
    assert "is not a key of an experiment file" in fault


def test_what_is_missing_besides_is_told():
    found = faults(fidelity=None, metric="val/loss")
    assert [fault.partition(".")[0] for fault in found] == [
        "metric is not a key of an experiment file",
        "fidelity is missing",
    ]


def test_files_are_included_by_files_only():
    (fault,) = faults(include="base.yaml")
    assert fault.startswith("include is read from files only. Merge the settings in Python, or")
    with pytest.raises(ConfigurationError, match=r"override include=a\.yaml: include is read"):
        from_settings(SOUND, overrides=["include=a.yaml"])


def test_a_logger_at_fault_is_told_once():
    first, second = faults(trainer={"logger": {"name": "x"}})
    assert first == "trainer.logger.class is missing."
    assert second.startswith("trainer.logger.name is not a key of trainer.logger.")
