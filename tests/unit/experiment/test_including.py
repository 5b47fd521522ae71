from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import load
from raysearch.experiment.including import NAMED_BY, merged
from raysearch.experiment.overrides import SHORT_FORMS
from raysearch.experiment.reading import parse, read

SOUND = "data: digits\nmodel: [cnn, mlp]\nobjective: val/accuracy\nfidelity: {max_epochs: 9}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**files: str) -> None:
    """Write files; a double underscore in a name stands for a folder."""
    for name, text in files.items():
        path = Path(f"{name.replace('__', '/')}.yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def both(over: str, under: str) -> dict[str, Any]:
    return merged(parse(over, source="mine"), under=parse(under, source="base")).values


def refusal(path: str = "mine.yaml") -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    message, last = str(caught.value).rsplit("\n", 1)
    assert last == "Nothing was started."
    return message


MERGED = {
    # the file itself: (what it includes, both together)
    "seed: 1": ("seed: 2", {"seed": 1}),
    "refit: false": ("seed: 2", {"seed": 2, "refit": False}),
    "budget: {trials: 8}": ("budget: {minutes: 9}", {"budget": {"minutes": 9, "trials": 8}}),
    "budget: {trials: null}": ("budget: {trials: 9}", {"budget": {"trials": None}}),
    "model: [cnn]": ("model: [mlp, cnn]", {"model": ["cnn"]}),
    "points: [{a: 1}]": ("points: [{a: 2}, {a: 3}]", {"points": [{"a": 1}]}),
    "link: {a: b}": ("link: {c: d}", {"link": {"c": "d", "a": "b"}}),
    "space: {w: {int: [1, 9]}}": (
        "space: {w: {float: [0, 1], log: true}, v: 3}",
        {"space": {"w": {"int": [1, 9]}, "v": 3}},
    ),
    "space: {w: null}": ("space: {w: {int: [1, 9]}, v: 3}", {"space": {"v": 3}}),
    "space: {u: null}": ("space: {v: 3}", {"space": {"v": 3, "u": None}}),
    "data: {args: {target: y}}": (
        "data: {name: table, args: {path: a.csv, target: z}}",
        {"data": {"name": "table", "args": {"path": "a.csv", "target": "y"}}},
    ),
    # short forms
    "scheduler: asha": (
        "scheduler: {name: asha, min_epochs: 3}",
        {"scheduler": {"min_epochs": 3, "name": "asha"}},
    ),
    "scheduler: {name: asha, brackets: 2}": (
        "scheduler: asha",
        {"scheduler": {"name": "asha", "brackets": 2}},
    ),
    "scheduler: {min_epochs: 3}": (
        "scheduler: asha",
        {"scheduler": {"name": "asha", "min_epochs": 3}},
    ),
    "scheduler: median": (
        "scheduler: {min_epochs: 3}",
        {"scheduler": {"min_epochs": 3, "name": "median"}},
    ),
    "objective: {direction: minimize}": (
        "objective: val_loss",
        {"objective": {"metric": "val_loss", "direction": "minimize"}},
    ),
    "model: {args: {depth: 2}}": (
        "model: a.b:Net",
        {"model": {"name": "a.b:Net", "args": {"depth": 2}}},
    ),
    "model: {class: 'a.b:Net', args: {x: 1}}": (
        "model: a.b:Net",
        {"model": {"class": "a.b:Net", "args": {"x": 1}}},
    ),
    # components that are named otherwise
    "scheduler: none": ("scheduler: {name: asha, min_epochs: 3}", {"scheduler": "none"}),
    "model: mlp": ("model: {name: cnn, args: {width: 3}}", {"model": "mlp"}),
    "model: {function: 'a:train'}": ("model: {class: 'a:Net'}", {"model": {"function": "a:train"}}),
    "objective: val_acc": (
        "objective: {metric: val_loss, direction: minimize}",
        {"objective": "val_acc"},
    ),
    "trainer: {logger: {class: 'a:B'}}": (
        "trainer: {logger: {class: 'a:A', args: {x: 1}}, precision: 16}",
        {"trainer": {"logger": {"class": "a:B"}, "precision": 16}},
    ),
    "trainer: {logger: {args: {y: 2}}}": (
        "trainer: {logger: {class: 'a:A', args: {x: 1}}}",
        {"trainer": {"logger": {"class": "a:A", "args": {"x": 1, "y": 2}}}},
    ),
    # fidelity in another unit
    "fidelity: {max_steps: 90, every_steps: 9}": (
        "fidelity: {max_epochs: 9}",
        {"fidelity": {"max_steps": 90, "every_steps": 9}},
    ),
    "fidelity: {max_steps: 90}": (
        "fidelity: {max_steps: 9, every_steps: 9}",
        {"fidelity": {"max_steps": 90, "every_steps": 9}},
    ),
    # ranges of models that are left out
    "model: cnn": (
        "model: [cnn, {class: 'a.b:Net'}]\nspace: {cnn.w: 1, Net.w: 2, w: 3, data.batch_size: 4}",
        {"model": "cnn", "space": {"cnn.w": 1, "w": 3, "data.batch_size": 4}},
    ),
}


@pytest.mark.parametrize("over", MERGED)
def test_a_file_takes_precedence_over_what_it_includes(over):
    under, values = MERGED[over]
    assert both(over, under) == values


def test_every_section_with_a_short_form_is_told_by_its_name():
    assert {section: NAMED_BY[section][0] for section in SHORT_FORMS} == SHORT_FORMS


def test_the_settings_are_those_of_one_file_that_says_it_all():
    write(
        parts__base=SOUND + "budget: {trials: 64}\nscheduler: {name: asha, min_epochs: 3}",
        mine="include: parts/base.yaml\nname: mine\nbudget: {trials: 8, minutes: 1}",
        alone=SOUND + "name: mine\nbudget: {trials: 8, minutes: 1}\n"
        "scheduler: {name: asha, min_epochs: 3}",
    )
    experiment = load("mine.yaml")
    assert experiment == load("alone.yaml")
    assert "include" not in experiment.settings


def test_paths_start_from_the_file_that_includes_and_may_be_absolute(folder):
    write(
        deep__er=f"include: [../top.yaml, {folder}/other.yaml]",
        top="seed: 1",
        other="refit: false",
        mine="include: deep/er.yaml",
    )
    assert read("mine.yaml").values == {"seed": 1, "refit": False}
    assert read(folder / "mine.yaml").values == {"seed": 1, "refit": False}


def test_a_later_file_of_a_list_takes_precedence_and_one_may_come_in_twice():
    write(
        common="seed: 1\nname: common",
        a="include: common.yaml\nseed: 2",
        b="include: common.yaml\nparallel: 1",
        mine="include: [a.yaml, b.yaml]",
    )
    assert read("mine.yaml").values == {"seed": 1, "name": "common", "parallel": 1}


def test_the_path_of_an_include_may_come_from_the_environment(monkeypatch):
    write(laptop="seed: 1", cluster="seed: 2", mine="include: ${env:SITE:-laptop}.yaml")
    monkeypatch.delenv("SITE", raising=False)
    assert read("mine.yaml").values == {"seed": 1}
    monkeypatch.setenv("SITE", "cluster")
    assert read("mine.yaml").values == {"seed": 2}


def test_overrides_are_applied_to_files_together():
    write(base=SOUND + "scheduler: asha", mine="include: base.yaml\nscheduler: {min_epochs: 3}")
    experiment = load("mine.yaml", ["scheduler.min_epochs=2", "budget.trials=3"])
    assert dict(experiment.scheduler.settings)["min_epochs"] == 2
    assert experiment.budget.trials == 3


def test_every_value_knows_the_file_and_line_where_it_was_written():
    write(
        base="scheduler: asha\n\nbudget:\n  trials: 64\n  minutes: 9",
        mine="include: base.yaml\nbudget: {trials: 8}\nscheduler: {min_epochs: 3}",
    )
    document = read("mine.yaml")
    places = {
        ("budget",): "mine.yaml, line 2",
        ("budget", "trials"): "mine.yaml, line 2",
        ("budget", "minutes"): "base.yaml, line 5",
        ("scheduler", "name"): "base.yaml, line 1",
        ("scheduler", "min_epochs"): "mine.yaml, line 3",
    }
    assert {path: document.place(path).text for path in places} == places
    assert document.written(("scheduler", "name")) == "asha"
    assert document.written(("budget",)) == "{trials: 8, minutes: 9}"


def test_faults_come_file_by_file_the_including_one_first():
    write(
        more="\nrefit: 3",
        base=SOUND + "budget: {trials: 0}",
        mine="include: [base.yaml, more.yaml]\nseed: -1\n\nparallel: 0",
    )
    places = [line.partition(": ")[0] for line in refusal().splitlines()]
    assert places == [
        "mine.yaml, line 2",
        "mine.yaml, line 4",
        "base.yaml, line 5",
        "more.yaml, line 2",
    ]


def test_a_fault_of_what_was_replaced_is_no_fault():
    write(
        base=SOUND + "seed: !x y\nbudget: {trials: .nan, minutes: 1}",
        mine="include: base.yaml\nseed: 3\nbudget: {trials: 8}",
    )
    assert load("mine.yaml").seed == 3
    write(mine="include: base.yaml\nseed: 3")
    assert refusal() == "base.yaml, line 6: budget.trials is .nan. Write a finite number."


WRONG = {
    "include: 3": "line 1: include is 3. Write the path of an experiment file, or a list of them",
    "include:": "line 1: include is empty. Write the path",
    "include: []": "include is []. Write the path",
    "include: [base.yaml, 3]": "include is [base.yaml, 3]. Write the path",
    "include: {path: base.yaml}": "include is {path: base.yaml}. Write the path",
    "include: !x base.yaml": "line 1: include is !x base.yaml. Write text",
    "seed: 1\ninclude: bsae.yaml": "line 2: include: bsae.yaml does not exist. Did you mean "
    "base.yaml? Experiment files there: base.yaml, mine.yaml, tab.yaml.",
    "include: base": "include: base does not exist. Did you mean base.yaml?",
    "include:\n- base.yaml\n- parts/x.yaml": "line 3: include: parts/x.yaml does not exist. There "
    "is no folder parts; paths start from",
    "include: ~/base.yaml": "include: ~/base.yaml does not exist. There is no folder ~",
    "include: .": "include: . is a folder, not an experiment file",
    "include: tab.yaml": "line 1: include: tab.yaml, line 2: there is a tab",
    "include: ${env:RAYSEARCH_NOT_SET}": "line 1: include is ${env:RAYSEARCH_NOT_SET}. The "
    "environment variable RAYSEARCH_NOT_SET is not set",
}


@pytest.mark.parametrize("text", WRONG)
def test_an_include_that_cannot_be_followed_is_refused_with_its_line(text):
    write(mine=text, base="seed: 1", tab="space:\n\tx: 3")
    message = refusal()
    assert message.startswith("mine.yaml, line ")
    assert WRONG[text] in message


def test_files_that_include_one_another_are_refused_with_the_way_round():
    write(mine="include: mine.yaml")
    assert refusal() == (
        "mine.yaml, line 1: include: mine.yaml includes itself: mine.yaml -> mine.yaml. "
        "Remove one of these."
    )
    write(mine="include: a.yaml", a="seed: 1\ninclude: b.yaml", b="include: [./a.yaml]")
    assert refusal() == (
        "b.yaml, line 1: include: a.yaml includes itself: a.yaml -> b.yaml -> a.yaml. "
        "Remove one of these."
    )
