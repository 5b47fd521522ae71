"""Every way in which a file can be wrong, with the words that help: place, value, name, remedy."""

from __future__ import annotations

import pytest
import yaml

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings

SPACE = "space:\n  "
"""What is added below it stands in line 6."""

WRONG: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # name of the case: (edit of the sound file, line of the fault, words of the message)
    "unknown section": (
        "spac: {}",
        "line 5",
        ("spac is not a key of an experiment file", "Did you mean space?", "Valid: budget,"),
    ),
    "section of a later version": ("federate: {}", "line 5", ("federate is not a key", "Valid:")),
    "dotted section": ("budget.trials: 8", "line 5", ("Write trials inside budget.",)),
    "section given twice": (
        "budget: {trials: 8}\nbudget: {trials: 9}",
        "line 6",
        ("budget is given twice, first in line 5", "Keep one"),
    ),
    "key given twice": (
        "budget:\n  trials: 8\n  trials: 9",
        "line 7",
        ("budget.trials is given twice, first in line 6",),
    ),
    "key that is a number": ("space: {1: 3}", "line 5", ("space.1 is a key that is not text",)),
    "tag": ("name: !!python/name:os.system x", "line 5", ("!!python/name:os.system", "a tag (!)")),
    "alias": ("name: &here digits\nseed: *here", "line 6", ("seed is an alias (*)",)),
    "infinite number": ("budget: {minutes: .inf}", "line 5", ("budget.minutes is .inf", "finite")),
    # names
    "unknown data": (
        "data: digit",
        "line 1",
        ("digit is not a data set", "Did you mean digits?", "Valid: "),
    ),
    "own data": (
        "data: my_project.data:Mine",
        "line 1",
        ("data: my_project.data: there is no package or module my_project", "PYTHONPATH"),
    ),
    "data of another type": (
        "data: [digits]",
        "line 1",
        ("data is [digits]", "Write the name of a data set"),
    ),
    "data left empty": ("data:", "line 1", ("data is missing", "For example: `data: digits`")),
    "data without name": (
        "data: {arguments: {validation: 0.3}}",
        "line 1",
        ("data is {arguments: {validation: 0.3}}", "Write one of the keys name, class."),
    ),
    "unknown data argument": (
        "data: {name: digits, arguments: {validaton: 0.3}}",
        "line 1",
        ("data.arguments.validaton", "Did you mean validation?", "Valid: task, test, validation."),
    ),
    "data argument out of range": (
        "data: {name: digits, arguments: {validation: 0.9}}",
        "line 1",
        ("data.arguments.validation is 0.9", "0.05 to 0.45", "nearest legal value is 0.45"),
    ),
    "data arguments out of range together": (
        "data: {name: digits, arguments: {validation: 0.4, test: 0.3}}",
        "line 1",
        ("0.4", "0.3", "at most 0.5"),
    ),
    "unknown family": (
        "model: [cnn, mpl]",
        "line 2",
        ("mpl is not a model family", "Did you mean mlp?", "Valid: "),
    ),
    "unknown family in a list of lines": ("model:\n- cnn\n- mpl", "line 4", ("mpl is not a",)),
    "family listed twice": ("model: [mlp, mlp]", "line 2", ("mlp is listed twice",)),
    "no family": ("model: []", "line 2", ("model is []", "a list of at least 1")),
    "family of another type": ("model: 3", "line 2", ("model is 3", "name of a model family")),
    "own model": (
        "model: my_project.nets:Net",
        "line 2",
        ("model: my_project.nets: there is no package or module my_project", "PYTHONPATH"),
    ),
    "own model with arguments": (
        "model: {class: my_project.nets:Net, args: {}}",
        "line 2",
        ("model.class: my_project.nets: there is no package or module my_project",),
    ),
    "family that does not fit the data": (
        "data: diabetes\nname: x",
        "line 3",
        ("cnn needs images", "(10,)", "Families that can learn"),
    ),
    "model argument that is searched": (
        "model: {name: mlp, arguments: {width: 32}}",
        "line 2",
        ("model.arguments.width is 32", "Fix it in space, as `width: VALUE`"),
    ),
    "unknown model argument": (
        "model: {name: mlp, arguments: {warmup_fractions: 0.1}}",
        "line 2",
        ("model.arguments.warmup_fractions", "Did you mean warmup_fraction?"),
    ),
    "unknown searcher": (
        "searcher: hyperpot",
        "line 5",
        ("hyperpot is not a searcher", "Did you mean hyperopt?", "Valid: "),
    ),
    "own searcher": (
        "searcher: {name: fractions:Mine}",
        "line 5",
        ("searcher: fractions:Mine: there is no Mine in fractions",),
    ),
    "own searcher that is none": (
        "searcher: {class: fractions:Fraction}",
        "line 5",
        ("fractions:Fraction is not a searcher", "suggest, observe", "Name another one"),
    ),
    "own searcher with dots": (
        "searcher: ray.tune.search.hyperopt.HyperOptSearch",
        "line 5",
        ("is not a searcher. For a class", "here ray.tune.search.hyperopt:HyperOptSearch"),
    ),
    "settings beside the class of a scheduler": (
        "scheduler: {class: fractions:Fraction, grace_period: 3}",
        "line 5",
        ("scheduler.grace_period is not", "Arguments of Fraction go under args"),
    ),
    "unknown scheduler": (
        "scheduler: {name: ahsa}",
        "line 5",
        ("ahsa is not a scheduler", "Did you mean asha?", "Valid: asha, hyperband,"),
    ),
    "unknown setting of a scheduler": (
        "scheduler: {name: asha, min_epoch: 1}",
        "line 5",
        (
            "scheduler.min_epoch is not a setting of asha",
            "Did you mean min_epochs?",
            "brackets, form, min_epochs, name, reduction_factor",
        ),
    ),
    "setting of a scheduler that has none": (
        "scheduler: {name: none, min_epochs: 1}",
        "line 5",
        ("scheduler.min_epochs is not a setting of none",),
    ),
    "setting of another type": (
        "scheduler: {name: asha, min_epochs: one}",
        "line 5",
        ("scheduler.min_epochs is one", "an integer"),
    ),
    "setting that is true": (
        "scheduler: {name: asha, brackets: true}",
        "line 5",
        ("scheduler.brackets is true", "an integer"),
    ),
    "setting out of range": (
        "searcher:\n  name: hyperopt\n  gamma: 0",
        "line 7",
        ("searcher.gamma is 0", "from 0.05 to 5"),
    ),
    "more epochs before the first rung than in all": (
        "scheduler: {min_epochs: 20}",
        "line 5",
        ("scheduler.min_epochs is 20", "from 1 to 9"),
    ),
    # objective
    "metric without split": (
        "objective: accuracy",
        "line 3",
        ("accuracy is not a metric", "Did you mean val/accuracy?", "val/f1"),
    ),
    "metric of another task": (
        "objective: val/rmse",
        "line 3",
        ("val/rmse is not a metric", "log for classification"),
    ),
    "test metric": (
        "objective: test/accuracy",
        "line 3",
        ("test/accuracy", "test split is opened once", "Use val/accuracy"),
    ),
    "training metric": (
        "objective: {metric: train/loss}",
        "line 3",
        ("objective.metric is train/loss", "Use val/loss"),
    ),
    "wrong direction": (
        "objective: {metric: val/accuracy, direction: minimize}",
        "line 3",
        ("objective.direction is minimize", "better when larger", "maximize"),
    ),
    "misspelt direction": (
        "objective: {metric: val/accuracy, direction: maximise}",
        "line 3",
        ("objective.direction is maximise", "Did you mean maximize?"),
    ),
    "several objectives": (
        "objective: [val/accuracy, val/loss]",
        "line 3",
        ("[val/accuracy, val/loss]", "Several objectives go under the key objectives."),
    ),
    "objective without metric": (
        "objective: {direction: maximize}",
        "line 3",
        ("objective.metric is missing", "`objective: val/accuracy`"),
    ),
    "objective of another type": ("objective: 3", "line 3", ("objective is 3", "a metric")),
    # numbers and switches
    "epochs as a plain number": (
        "fidelity: 9",
        "line 4",
        ("fidelity is 9", "a mapping", "`fidelity: {max_epochs: 27}`"),
    ),
    "misspelt epochs": (
        "fidelity: {max_epoch: 9}",
        "line 4",
        ("fidelity.max_epoch is not a key of fidelity", "Did you mean max_epochs?"),
    ),
    "epochs with a fraction": (
        "fidelity: {max_epochs: 9.5}",
        "line 4",
        ("fidelity.max_epochs is 9.5", "an integer"),
    ),
    "number in quotes": (
        'budget: {trials: "64"}',
        "line 5",
        ('budget.trials is "64"', "an integer", "Write 64, without quotes"),
    ),
    "number with an underscore": (
        "budget: {trials: 1_000}",
        "line 5",
        ("budget.trials is 1_000", "Write 1000"),
    ),
    "no trials": ("budget: {trials: 0}", "line 5", ("budget.trials is 0", "at least 1")),
    "no minutes": ("budget: {minutes: 0}", "line 5", ("budget.minutes is 0", "at least 0.01")),
    "too many minutes": ("budget: {minutes: 1e9}", "line 5", ("is 1e9", "at most 5256000.")),
    "too many trials": (
        "budget: {trials: 10000001}",
        "line 5",
        ("budget.trials is 10000001", "at most 10000000."),
    ),
    "too many epochs": (
        "fidelity: {max_epochs: 1000001}",
        "line 4",
        ("fidelity.max_epochs is 1000001", "at most 1000000."),
    ),
    "no budget": ("budget: {}", "line 5", ("budget is {}", "at least one of trials")),
    "unknown limit": (
        "budget: {trials: 3, hours: 1}",
        "line 5",
        ("budget.hours is not a key of budget", "Did you mean minutes?"),
    ),
    "negative seed": ("seed: -1", "line 5", ("seed is -1", "at least 0")),
    "seed that is too large": ("seed: 4294967296", "line 5", ("at most 4294967295",)),
    "no resources": (
        "resources: {cpus: 0}",
        "line 5",
        ("resources is {cpus: 0}", "a CPU or a GPU", "cpus: 1"),
    ),
    "several GPUs": ("resources: {gpus: 2}", "line 5", ("resources.gpus is 2", "at most 1")),
    "too many CPUs": ("resources: {cpus: 4097}", "line 5", ("cpus is 4097", "at most 4096.")),
    "negative CPUs": ("resources: {cpus: -1}", "line 5", ("resources.cpus is -1",)),
    "parallel in words": ("parallel: many", "line 5", ("parallel is many", "Write auto")),
    "nothing in parallel": ("parallel: 0", "line 5", ("parallel is 0", "from 1 to 100000")),
    "too much in parallel": ("parallel: 100001", "line 5", ("is 100001", "from 1 to 100000")),
    "interval in minutes": (
        "checkpoint: {every: 5m}",
        "line 5",
        ("checkpoint.every is 5m", "seconds such as 5s"),
    ),
    "interval of no length": ("checkpoint: {every: 0s}", "line 5", ("checkpoint.every is 0s",)),
    "no bytes": ("checkpoint: {budget_gb: 0}", "line 5", ("budget_gb is 0", "more than 0")),
    "no attempts": ("failures: {attempts: 0}", "line 5", ("failures.attempts is 0",)),
    "switch in words": (
        "refit: no",
        "line 5",
        ("refit is no", "true or false", "Write false", "YAML 1.2"),
    ),
    "switch as a number": ("refit: 1", "line 5", ("refit is 1", "true or false")),
    "seeds without a key": ("refit: 5", "line 5", ("refit is 5", "mapping such as {seeds: 5}")),
    "no refit at all": ("refit:", "line 5", ("refit is", "true or false or a mapping")),
    "no seeds": ("refit: {seeds: 0}", "line 5", ("refit.seeds is 0", "at least 1")),
    "too many seeds": ("refit: {seeds: 101}", "line 5", ("refit.seeds is 101", "at most 100")),
    "half a seed": ("refit: {seeds: 1.5}", "line 5", ("refit.seeds is 1.5", "an integer")),
    "seeds misspelt": ("refit: {seed: 3}", "line 5", ("refit.seed is not", "seeds?")),
    "name with spaces": ("name: my search", "line 5", ("name is my search", "digits, dots")),
    "name in another alphabet": ("name: größe", "line 5", ("name is größe", "a to z, A to Z")),
    # the Trainer
    "argument that raysearch owns": (
        "trainer: {max_epochs: 3}",
        "line 5",
        ("trainer.max_epochs is set by raysearch", "Use fidelity.max_epochs"),
    ),
    "unknown argument": (
        "trainer: {gradient_clip: 1.0}",
        "line 5",
        ("trainer.gradient_clip", "Did you mean gradient_clip_val?"),
    ),
    "precision that there is not": (
        "trainer: {precision: bf16}",
        "line 5",
        ("trainer.precision is bf16", "bf16-mixed"),
    ),
    "no batches": ("trainer: {limit_val_batches: 0}", "line 5", ("limit_val_batches is 0",)),
    "argument of several types": (
        "trainer: {deterministic: yes}",
        "line 5",
        ("trainer.deterministic is yes", "Write true"),
    ),
    # the space
    "unknown parameter": (
        SPACE + "widht: 16",
        "line 6",
        ("space.widht is not a parameter", "Did you mean width?"),
    ),
    "unknown parameter of a family": (
        SPACE + "cnn.stage: 2",
        "line 6",
        ("space.cnn.stage", "Did you mean cnn.stages?"),
    ),
    "parameter of the other family": (
        SPACE + "mlp.stages: 2",
        "line 6",
        ("space.mlp.stages is not a parameter", "Valid: mlp.activation"),
    ),
    "nested family": (
        SPACE + "cnn: {width: 16}",
        "line 6",
        ("space.cnn is not a parameter", "`cnn.width: RANGE`"),
    ),
    "family as a parameter": (SPACE + "model: cnn", "line 6", ("space.model", "section model")),
    "range outside what the class accepts": (
        SPACE + "cnn.width: {int: [0, 64]}",
        "line 6",
        (
            "space.cnn.width is {int: [0, 64]}",
            "For cnn: 0 lies outside",
            "nearest legal value is 1",
        ),
    ),
    "range outside what both classes accept": (
        SPACE + "dropout: {float: [0, 2]}",
        "line 6",
        ("space.dropout is {float: [0, 2]}", "For cnn and mlp", "0.95"),
    ),
    "value that the class does not know": (
        SPACE + "activation: {choice: [relu, gelo]}",
        "line 6",
        ("space.activation is {choice: [relu, gelo]}", "gelo", "Did you mean gelu?"),
    ),
    "fraction for a whole number": (
        SPACE + "data.batch_size: 32.0",
        "line 6",
        ("space.data.batch_size is 32.0", "For data", "an int is needed"),
    ),
    "range the wrong way round": (SPACE + "width: {int: [64, 8]}", "line 6", ("64", "8", "Swap")),
    "misspelt kind of range": (SPACE + "width: {itn: [8, 64]}", "line 6", ("space.width", "itn")),
    "misspelt setting of a range": (
        SPACE + "width: {int: [8, 64], stepp: 8}",
        "line 6",
        ("space.width", "stepp", "Did you mean step?"),
    ),
    "list in place of a range": (
        SPACE + "activation: [relu, gelu]",
        "line 6",
        ("space.activation", "{choice: [relu, gelu]}"),
    ),
    "unknown condition": (
        SPACE + "cnn.dropout: {float: [0.0, 0.5], when: {optimiser: sgd}}",
        "line 6",
        ("space.cnn.dropout", "optimiser", "Did you mean optimizer?"),
    ),
    "condition that cannot hold": (
        SPACE + "dropout: {float: [0.0, 0.5], when: {loss: mse}}",
        "line 6",
        ("space.dropout", "mse"),
    ),
    "space of another type": ("space: [width]", "line 5", ("space is [width]", "a mapping")),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_with_place_value_and_remedy(case, refused):
    edit, line, words = WRONG[case]
    *faults, last = refused(edit)
    assert last == "Nothing was started."
    assert all(fault.startswith("wrong.yaml, line ") for fault in faults)
    about = [fault for fault in faults if fault.startswith(f"wrong.yaml, {line}: ")]
    assert any(all(word in fault for word in words) for fault in about), "\n".join(faults)


def test_all_faults_are_told_at_once_in_the_order_of_the_file(refused):
    lines = refused(
        "data: digit\n"
        "seed: x\n"
        "searcher: {name: hyperopt, gama: 0.3}\n"
        "scheduler: {reduction_factor: 1}\n"
        "space:\n"
        "  widht: 8\n"
        "  cnn.width: 0\n"
        "  dropout: {float: [0.5, 0.1]}\n"
        "budget: {trials: 0, minutes: -1}\n"
        "spac: 3",
    )
    places = [line.partition(": ")[0].removeprefix("wrong.yaml, line ") for line in lines[:-1]]
    assert places == ["1", "2", "3", "4", "6", "7", "8", "9", "9", "10"]
    assert lines[-1] == "Nothing was started."
    assert sum("Nothing was started." in line for line in lines) == 1


def test_every_section_that_is_missing_is_named_with_an_example():
    with pytest.raises(ConfigurationError) as caught:
        from_settings({"name": "x"})
    assert [fault.partition(": ")[2].partition(" ")[0] for fault in caught.value.faults] == [
        "model",
        "objective",
        "fidelity",
        "data",
    ]
    assert "fidelity is missing. For example: `fidelity: {max_epochs: 27}`." in str(caught.value)


def test_the_names_near_a_wrong_one_are_presumed_so_that_their_settings_are_checked_too(refused):
    lines = refused("scheduler: {name: ahsa, min_epoch: 1}")
    assert "ahsa is not a scheduler" in lines[0]
    assert "scheduler.min_epoch is not a setting of asha" in lines[1]


def test_a_fault_that_two_families_share_is_told_once(refused):
    assert len(refused("space: {activation: [relu]}")) == 2  # the fault, and the last line


def test_a_family_that_is_not_to_be_had_leads_to_no_further_faults(refused):
    edit = "model: [cnn, xgboost]\nspace: {xgboost.width: 3, stem: 3}"
    assert len(refused(edit)) == 2
    lines = refused("space: {cnn.width: 16, stages: 2}", "data=diabetes", "objective=val/mae")
    assert len(lines) == 2
    assert "cnn needs images" in lines[0]


@pytest.mark.parametrize(
    "edit",
    [
        "space: {dropout: {float: [.nan, 0.5]}}",
        "space: {dropout: {float: [0.1, 0.5], default: .inf}}",
        "budget: {minutes: .nan}",
        "model: [mlp, .nan]",
    ],
)
def test_a_number_that_is_not_finite_is_told_once(edit, refused):
    fault, _ = refused(edit)
    assert fault.endswith("Write a finite number.")


@pytest.mark.parametrize(
    ("edit", "name"),
    [
        ("fidelity: {max_epoch: 9}", "max_epochs"),
        ("data: {nam: digits}", "name"),
        ("objective: {metrics: val/accuracy}", "metric"),
    ],
)
def test_a_required_key_that_is_misspelt_is_not_called_missing_too(edit, name, refused):
    fault, _ = refused(edit)
    assert f"Did you mean {name}?" in fault


def test_a_required_section_that_is_misspelt_is_not_called_missing_too():
    sections = {"data": "digits", "model": "mlp", "objective": "val/loss"}
    with pytest.raises(ConfigurationError) as caught:
        from_settings({**sections, "fidelty": {"max_epochs": 9}})
    (fault,) = str(caught.value).splitlines()[:-1]
    assert "fidelty is not a key" in fault
    assert "Did you mean fidelity?" in fault


@pytest.mark.parametrize(
    "edit",
    [
        "fidelity: {max_epochs: 1000000}",
        "budget: {trials: 10000000, minutes: 0.01}",
        "budget: {minutes: 5256000}",
        "resources: {cpus: 4096}",
        "parallel: 100000",
    ],
)
def test_the_bounds_themselves_are_accepted(edit, loaded):
    section, _, value = edit.partition(": ")
    expected = yaml.safe_load(value)
    found = loaded(edit).settings[section]
    assert found == ({**found, **expected} if isinstance(expected, dict) else expected)


def test_long_values_are_cut(refused):
    fault, _ = refused(f"parallel: {'x' * 300}")
    assert len(fault) < 160
    assert " ..." in fault


def test_values_of_several_lines_are_shown_on_one(refused):
    fault, _ = refused("parallel:\n  - 1\n  - 2   # two")
    assert "parallel is [1, 2]." in fault
