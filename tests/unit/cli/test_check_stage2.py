"""What `check` says after it has tried an experiment."""

from __future__ import annotations

import pytest

from tests.unit.cli.test_check import row

FILE = """\
data: tests.nets:Data
model: {model}
space:
  width: {{int: [4, 64]}}
objective: {{metric: val/loss, direction: minimize}}
fidelity: {{max_epochs: 9}}
budget: {{trials: 16}}
"""


@pytest.fixture
def own(folder):
    """Write an experiment with a class of a test, own.yaml."""

    def write(model="tests.nets:Net", *more: str) -> None:
        (folder / "own.yaml").write_text("\n".join([FILE.format(model=model), *more]))

    return write


@pytest.fixture(autouse=True)
def beside(monkeypatch):
    """Let the modules of the tests be found from an empty folder, as if they were installed."""
    import tests.nets

    root = tests.nets.__file__.removesuffix("/tests/nets.py")
    monkeypatch.setenv("PYTHONPATH", root)


def test_sizes_times_and_possibilities_are_shown(cli, own):
    own("tests.nets:Net", "refit: {seeds: 3}")
    outcome = cli("check own.yaml")
    assert outcome.status == 0
    assert "no fault found in stage 1" in outcome.out
    assert "no fault found in stage 2; 3 configurations tried in " in outcome.out
    assert row(outcome.out, "default")[:3] == ["default", "83", "7.8 kB"]
    assert row(outcome.out, "highest")[1] == "643"
    assert row(outcome.out, "one batch")[1] == "16 x 4 float32, 16 int64"
    assert row(outcome.out, "batches")[1] == "4 of training in an epoch, 2 of validation"
    assert row(outcome.out, "logged")[1] == "in training train/loss"
    assert "in validation val/loss, val/accuracy" in outcome.out
    assert row(outcome.out, "test")[1] == "possible"
    assert row(outcome.out, "refit")[1] == "possible, with 3 seeds"
    assert row(outcome.out, "loop")[1] == "lean: it does what Lightning's would do, in less time"
    assert row(outcome.out, "search")[1].startswith("likely ")
    assert row(outcome.out, "disk")[1].endswith("of records")
    assert outcome.out.endswith("To run it: python -m raysearch run own.yaml\n")


def test_the_loop_is_named_with_the_reason(cli, folder):
    file = FILE.format(model="tests.zoo:PYTORCH_LIGHTNING.OwnStep")
    file = file.replace("width: {int: [4, 64]}", "rate: {float: [0.01, 0.1]}")
    (folder / "own.yaml").write_text(file)
    shown, wanted, refused = (cli(f"check own.yaml loop={x}") for x in ("auto", "trainer", "lean"))
    assert row(shown.out, "loop")[1] == "Lightning's: OwnStep overrides optimizer_step"
    assert row(wanted.out, "loop")[1] == "Lightning's, as it is wanted"
    assert refused.status == 2
    assert "loop is lean, but the lean loop would not be exact here: OwnStep" in refused.err


def test_quick_tries_nothing(cli, own):
    own("tests.unit.preflight.faulty:Failing")
    outcome = cli("check own.yaml --quick")
    assert (outcome.status, outcome.err) == (0, "")
    assert "stage 2" not in outcome.out
    assert cli("check own.yaml --quick --json").document["preflight"] is None


def test_a_fault_has_its_line_and_exit_status_2(cli, own):
    own("tests.unit.preflight.faulty:Unmeasured")
    outcome = cli("check own.yaml")
    assert outcome.status == 2
    assert (
        "ConfigurationError: own.yaml, line 5: objective.metric is val/loss, which Unmeasured did "
    ) in outcome.err
    assert "Did you mean val_loss?" in outcome.err
    assert outcome.err.endswith("Nothing was started.\n")
    assert "To run it" not in outcome.out


def test_a_fault_of_the_command_line_names_the_override(cli, own):
    own()
    outcome = cli("check own.yaml objective.metric=val/los --json")
    assert (outcome.status, outcome.out) == (2, "")
    assert "override objective.metric=val/los: objective.metric is val/los" in outcome.err


def test_json_is_one_document_whatever_user_code_prints(cli, own):
    own("tests.unit.preflight.faulty:Chatty")
    outcome = cli("check own.yaml --json")
    assert outcome.status == 0
    assert "a chatty network is built" in outcome.err
    found = outcome.document["preflight"]
    assert [each["name"] for each in found["tried"]] == ["default", "highest", "lowest"]
    assert found["tried"][1]["configuration"] == {"width": 64}
    assert found["tried"][1]["parameters"] > found["tried"][0]["parameters"]
    assert found["cost"]["seconds"][0] < found["cost"]["seconds"][1]
    assert (found["not_tried"], found["warnings"]) == ([], [])


def test_corners_that_fail_are_warned_of(cli, own):
    own("tests.unit.preflight.faulty:Hungry")
    outcome = cli("check own.yaml")
    assert outcome.status == 0
    assert row(outcome.out, "highest")[:2] == ["highest", "fails"]
    warning = row(outcome.out, "warning")[1]
    assert warning.startswith("own.yaml, line 3: space: 1 of 3 configurations tried cannot be")


def test_a_function_is_not_run(cli, folder, own):
    own("{function: tests.unit.preflight.faulty:train}")
    text = (folder / "own.yaml").read_text()
    (folder / "own.yaml").write_text(text.replace("data: tests.nets:Data\n", ""))
    outcome = cli("check own.yaml")
    assert (outcome.status, outcome.err) == (0, "")
    assert "train trains by itself, so nothing of it was run" in outcome.out
    assert row(outcome.out, "data")[1] == "none: the function brings its own"


def test_nothing_is_left_behind(cli, own, folder):
    own()
    before = sorted(folder.rglob("*"))
    assert cli("check own.yaml").status == 0
    assert sorted(folder.rglob("*")) == before
