"""What `check` says of an experiment, and of its faults."""

from __future__ import annotations

import pytest


def row(text: str, key: str) -> list[str]:
    """Return the cells of the line that begins with a word."""
    line = next(line for line in text.splitlines() if line.split("  ")[0] == key)
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


@pytest.fixture
def shown(cli, experiment):
    outcome = cli("check small.yaml --quick")
    assert (outcome.status, outcome.err) == (0, "")
    return outcome.out


def test_the_space_is_shown_with_ranges_defaults_and_conditions(shown):
    assert row(shown, "model") == ["model", "cnn, mlp"]
    assert row(shown, "mlp.depth") == ["mlp.depth", "1 to 12", "3"]
    assert row(shown, "cnn.expansion")[-1] == "cnn.block = inverted_bottleneck"


def test_method_and_cost_are_shown(shown):
    assert row(shown, "objective")[1] == "maximize val/accuracy"
    assert row(shown, "scheduler")[1].startswith("asha (")
    assert row(shown, "scheduler")[1].endswith("compares trials after epochs 2, 4, 8")
    assert row(shown, "budget")[1] == "8 trials or 1m 30s, at most 72 epochs"
    assert row(shown, "one trial")[1] == "up to 9 epochs, 1 CPU; as many at once as fit"


def test_what_leaves_the_recommendation_is_said(shown, cli):
    advice = shown.splitlines()
    assert any(
        line.startswith("mlp.depth  ") and "has values outside the recommended 1 to" in line
        for line in advice
    )
    assert not any(line.startswith("cnn.dropout  has") for line in advice)
    assert "recommended" not in cli("check small.yaml space={} --quick").out


def test_an_argument_that_the_family_leaves_out_is_said(cli, experiment):
    outcome = cli('check small.yaml model=mlp space={"warmup_fraction":0.1} --quick')
    assert (outcome.status, outcome.err) == (0, "")
    assert "warmup_fraction  searched on your word: the recommended space" in outcome.out


def test_json_is_one_document(cli, experiment):
    outcome = cli("check small.yaml --json --quick")
    document = outcome.document
    assert (outcome.status, outcome.err) == (0, "")
    assert document["schema_version"] == 1
    assert document["experiment"] == "small.yaml"
    assert document["rungs"] == [2, 4, 8]
    assert document["configurations"] is None
    by_key = {parameter["key"]: parameter for parameter in document["parameters"]}
    depth = by_key["mlp.depth"]
    assert (depth["range"], depth["default"], depth["when"]) == ("1 to 12", 3, {"model": ["mlp"]})
    assert depth["advice"].startswith("has values outside the recommended 1 to ")
    assert by_key["cnn.dropout"]["advice"] is None


def test_a_scheduler_without_rungs_has_none(cli, experiment):
    outcome = cli("check small.yaml scheduler=none --json --quick")
    assert outcome.document["rungs"] == []


def test_every_fault_is_reported_and_nothing_written(cli, experiment, folder):
    experiment.write_text(experiment.read_text().replace("asha", "ahsa").replace("digits", "digts"))
    before = sorted(folder.rglob("*"))
    outcome = cli("check small.yaml --quick")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("ConfigurationError: ")
    assert "Did you mean asha?" in outcome.err
    assert "Did you mean digits?" in outcome.err
    assert sorted(folder.rglob("*")) == before


def test_a_missing_file_is_wrong_use(cli, folder):
    outcome = cli("check nothing.yaml")
    assert outcome.status == 2
    assert "nothing.yaml" in outcome.err


def test_a_grid_is_counted_and_held_against_the_budget(cli, experiment):
    out = cli(
        "check small.yaml --quick model=mlp space={} searcher=grid searcher.resolution=2 "
        "space.optimizer=adamw space.loss=cross_entropy budget.trials=8"
    ).out
    said = row(out, "searcher")[1]
    assert said.startswith("grid (resolution 2): ")
    assert said.endswith(" configurations, of which the budget allows 8")


def test_what_was_understood_of_a_table_is_said(cli, experiment, folder):
    rows = [f"{n},{n % 2},{'ab'[n % 2]},always" for n in range(60)]
    (folder / "rows.csv").write_text("\n".join(["id,x,kind,same", *rows]))
    words = "check small.yaml --quick --json model=mlp space={}"
    assert cli(words).document["advice"] == []
    words += " objective=val/auroc data=table data.args.path=rows.csv data.args.target=kind"
    outcome = cli(words)
    assert outcome.status == 0, outcome.err
    assert any("Column same is left out" in text for text in outcome.document["advice"])


def test_it_says_what_earlier_runs_have_to_say(cli, experiment, search):
    """The run has four trials of mlp: two were measured, one failed, one was not finite."""
    words = 'model=mlp space={"width":{"int":[8,16]},"depth":1} evidence=runs/small-1 --quick'
    shown = cli(f"check small.yaml {words}")
    assert (shown.status, shown.err) == (0, "")
    assert "runs/small-1: 3 of 4 trials can be used; 1 failed" in " ".join(shown.out.split())
    assert cli(f"check small.yaml {words} --json").document["evidence"] == [
        {
            "run": "runs/small-1",
            "trials": 4,
            "usable": 3,
            "left_out": {"failed": 1},
            "note": None,
        }
    ]


def test_a_run_that_is_missing_is_refused(cli, experiment):
    shown = cli("check small.yaml evidence=[runs/none] --quick")
    assert shown.status == 2
    assert "evidence, number 1: runs/none does not exist" in " ".join(shown.err.split())
