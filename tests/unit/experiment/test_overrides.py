from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import load
from raysearch.experiment.overrides import apply_overrides
from raysearch.experiment.reading import parse

FILE = """\
scheduler: asha
seed: 3
budget: {trials: 64}
space:
  cnn.width: {int: [8, 64], step: 8}
  dropout: 0.1
"""


def changed(*overrides):
    return apply_overrides(parse(FILE, source="x.yaml"), overrides)


SOUND = {
    # override: (path, value)
    "seed=7": (("seed",), 7),
    "budget.trials=8": (("budget", "trials"), 8),
    "budget.minutes=1.5": (("budget", "minutes"), 1.5),
    "budget.trials=null": (("budget", "trials"), None),
    "model=[cnn, mlp]": (("model",), ["cnn", "mlp"]),
    "name=a=b": (("name",), "a=b"),
    "name='a: b'": (("name",), "a: b"),
    "refit = false": (("refit",), False),
    "refit.seeds=3": (("refit", "seeds"), 3),
    "resources.gpus=0.5": (("resources", "gpus"), 0.5),
    "data.arguments.validation=0.3": (("data", "arguments", "validation"), 0.3),
    "space.learning_rate=1e-3": (("space", "learning_rate"), 1e-3),
    "space.data.batch_size=64": (("space", "data.batch_size"), 64),
    "space.cnn.width={int: [8, 16]}": (("space", "cnn.width"), {"int": [8, 16]}),
    "space.cnn.width.step=4": (("space", "cnn.width"), {"int": [8, 64], "step": 4}),
    "space.cnn.width.when.optimizer=[sgd]": (
        ("space", "cnn.width", "when"),
        {"optimizer": ["sgd"]},
    ),
    "space.mlp.width.step=4": (("space", "mlp.width.step"), 4),  # the file has no such range
    "scheduler.min_epochs=2": (("scheduler",), {"name": "asha", "min_epochs": 2}),
    "scheduler=none": (("scheduler",), "none"),
    "scheduler.name=none": (("scheduler",), {"name": "none"}),
    "space.cnn.width.int=[4, 8]": (("space", "cnn.width"), {"int": [4, 8], "step": 8}),
    "space.cnn.width.float=[4.0, 8.0]": (("space", "cnn.width"), {"float": [4.0, 8.0]}),
    "space.dropout.float=[0.0, 0.5]": (("space", "dropout"), {"float": [0.0, 0.5]}),
    "space.mlp.width.int=[4, 8]": (("space", "mlp.width"), {"int": [4, 8]}),
    "space.data.batch_size.choice=[8]": (("space", "data.batch_size"), {"choice": [8]}),
    "space.Net.int={int: [4, 8]}": (("space", "Net.int"), {"int": [4, 8]}),  # an argument named so
}


@pytest.mark.parametrize("override", SOUND)
def test_an_override_sets_the_value_that_its_key_names(override):
    path, value = SOUND[override]
    document = changed(override)
    assert document.faults == ()
    assert document.get(path) == value
    assert type(document.get(path)) is type(value)


def test_a_value_that_was_overridden_has_the_override_as_its_place():
    document = changed("budget.trials=8", "space.cnn.width.step=4")
    assert document.place(("budget", "trials")).text == "override budget.trials=8"
    assert document.place(("space", "cnn.width", "step")).text.startswith("override space.cnn")
    assert document.place(("space", "cnn.width", "int")).text == "x.yaml, line 5"
    assert document.written(("space", "cnn.width")) == "{int: [8, 64], step: 4}"


@pytest.mark.parametrize("refit", ["true", "false", "{seeds: 2}"])
def test_a_number_of_seeds_says_that_there_is_a_refit(refit):
    document = apply_overrides(parse(f"refit: {refit}", source="x.yaml"), ["refit.seeds=3"])
    assert (document.values, document.faults) == ({"refit": {"seeds": 3}}, ())


def test_no_other_switch_takes_keys():
    file = parse("failures: {retry_exceptions: true}\nloop: true", source="x.yaml")
    faults = apply_overrides(file, ["failures.retry_exceptions.seeds=3", "loop.seeds=3"]).faults
    assert [fault.text for fault in faults] == [
        f"{key} is true, which has no keys. Replace it as a whole."
        for key in ("failures.retry_exceptions", "loop")
    ]


def test_the_file_itself_is_left_as_it_was():
    document = parse(FILE, source="x.yaml")
    apply_overrides(document, ["budget.trials=8", "scheduler.min_epochs=2"])
    assert document.values == parse(FILE, source="x.yaml").values
    assert document.marks == parse(FILE, source="x.yaml").marks


def test_later_overrides_win():
    assert changed("seed=1", "seed=2").values["seed"] == 2


COMPONENTS = "scheduler: {name: asha, min_epochs: 3, brackets: .nan}\nsearcher: hyperopt"


def components(*overrides):
    return apply_overrides(parse(COMPONENTS, source="x.yaml"), overrides)


@pytest.mark.parametrize(
    "overrides",
    [
        ("scheduler.name=other", "scheduler.min_epochs=2"),
        ("scheduler.min_epochs=2", "scheduler.name=other"),
    ],
)
def test_another_component_has_the_settings_of_overrides_alone(overrides):
    document = components(*overrides)
    assert document.values["scheduler"] == {"name": "other", "min_epochs": 2}
    assert document.faults == ()  # that of a setting of the former one is none of this one
    assert document.place(("scheduler", "min_epochs")).text.startswith("override scheduler.min")


def test_the_same_component_keeps_its_settings():
    document = components("scheduler.name=asha", "searcher.name=hyperopt")
    assert document.values["scheduler"]["min_epochs"] == 3
    assert document.values["searcher"] == {"name": "hyperopt"}
    assert components("searcher.name=random").values["searcher"] == {"name": "random"}


def test_a_class_takes_the_place_of_a_name_with_its_settings_and_a_name_that_of_a_class():
    document = components("scheduler.class=my.policies:Mine", "scheduler.args.patience=3")
    assert document.values["scheduler"] == {"class": "my.policies:Mine", "args": {"patience": 3}}
    assert document.faults == ()
    back = apply_overrides(document, ["scheduler.name=none"])
    assert back.values["scheduler"] == {"name": "none"}
    same = apply_overrides(document, ["scheduler.class=my.policies:Mine"])
    assert same.values["scheduler"]["args"] == {"patience": 3}


def test_a_range_of_another_kind_keeps_its_conditions():
    text = "space: {rate: {int: [1, 2], default: 2, when: {optimizer: [sgd]}}}"
    document = apply_overrides(parse(text, source="x.yaml"), ["space.rate.float=[0.0, 1.0]"])
    expected = {"when": {"optimizer": ["sgd"]}, "float": [0.0, 1.0]}
    assert document.values["space"] == {"rate": expected}
    assert document.place(("space", "rate", "when")).text == "x.yaml, line 1"
    assert document.place(("space", "rate", "default")).text.startswith("override")


def test_null_removes_a_range_that_the_file_holds():
    assert changed("space.cnn.width=null").values["space"] == {"dropout": 0.1}
    assert changed("space.widht=null").values["space"]["widht"] is None  # to be refused as unknown


RANGES = "space: {cnn.width: 8, mlp.width: 16, dropout: 0.1}"


@pytest.mark.parametrize("model", ["mlp", "[mlp]", "{name: mlp}"])
def test_ranges_of_a_family_drop_out_where_an_override_excludes_it(model, loaded):
    experiment = loaded(RANGES, f"model={model}")
    assert experiment.settings["space"] == {"mlp.width": 16, "dropout": 0.1}


@pytest.mark.parametrize(
    "override",
    ["space.cnn.dropout=0.1", "space={cnn.dropout: 0.1}", "space.cnn.dropout.default=0.1"],
)
def test_a_range_of_an_excluded_family_that_is_an_override_stays_a_fault(override, refused):
    edit = "space: {cnn.dropout: {float: [0.0, 0.2]}}"
    fault, _ = refused(edit, "model=mlp", override)
    assert "space.cnn.dropout: cnn is not among the models of this experiment" in fault


@pytest.mark.parametrize("overrides", [(), ("model=[mlp]",)])
def test_a_range_of_a_family_that_the_file_excludes_stays_a_fault(overrides, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(
        "data: digits\nmodel: mlp\nobjective: val/loss\nfidelity: {max_epochs: 9}\n"
        "space: {cnn.width: 8}\n"
    )
    with pytest.raises(ConfigurationError, match=r"line 5: space\.cnn\.width: cnn is not"):
        load(path, overrides)


SENSELESS = {
    "seed": "override seed: it must be KEY=VALUE, such as budget.trials=8.",
    "=3": "override =3: it must be KEY=VALUE, such as budget.trials=8.",
    "budget.=3": "override budget.=3: it must be KEY=VALUE, such as budget.trials=8.",
    "seed=": "override seed=: there is no value after seed=. Write one; null stands for none.",
    "seed.x=3": "override seed.x=3: seed is 3, which has no keys. Replace it as a whole.",
    "seed=.nan": "override seed=.nan: seed is .nan. Write a finite number.",
    "budget={a: 1, a: 2}": (
        "override budget={a: 1, a: 2}: budget.a is given twice, first in line 1. Keep one of them."
    ),
}


@pytest.mark.parametrize("override", SENSELESS)
def test_an_override_that_makes_no_sense_is_a_fault_of_its_own(override):
    assert [str(fault) for fault in changed(override).faults] == [SENSELESS[override]]


def test_a_value_that_is_not_yaml_is_refused_with_its_column():
    (fault,) = changed("seed=[1").faults
    assert str(fault).startswith("override seed=[1: this is not YAML at column ")


def test_overriding_a_fault_of_the_file_mends_it():
    document = parse("seed: .nan\nname: .inf", source="x.yaml")
    (left,) = apply_overrides(document, ["seed=3"]).faults
    assert left.path == ("name",)


def test_faults_of_overridden_values_name_the_override(refused):
    lines = refused("seed: -3", "budget.trials=0", "seed=-1", "space.cnn.width.step=0", "x.y=3")
    assert lines[:3] == [
        "override budget.trials=0: budget.trials is 0. It must be at least 1.",
        "override seed=-1: seed is -1. It must be at least 0.",
        lines[2],
    ]
    assert lines[2].startswith("override space.cnn.width.step=0: space.cnn.width.step is not a par")
    assert lines[3].startswith("override x.y=3: x is not a key of an experiment file.")
