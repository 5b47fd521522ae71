"""`init`: two files that are right as they are, and that nothing is lost for."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from raysearch.cli.init import module_name


def test_the_files_are_written_and_pass_the_first_look(cli, folder):
    outcome = cli("init")
    assert (outcome.status, outcome.err) == (0, "")
    assert "python -m raysearch run experiment.yaml" in outcome.out
    assert sorted(path.name for path in folder.iterdir()) == ["experiment.py", "experiment.yaml"]
    assert "$" not in (folder / "experiment.yaml").read_text()
    checked = cli("check experiment.yaml --quick --json")
    assert (checked.status, checked.err) == (0, "")
    assert checked.document["settings"]["model"][0]["class"] == "experiment:Net"
    keys = {parameter["key"] for parameter in checked.document["parameters"]}
    assert keys == {"width", "depth", "dropout", "learning_rate", "data.batch_size"}


def test_every_section_is_explained_in_a_line(cli, folder):
    cli("init")
    text = (folder / "experiment.yaml").read_text()
    paragraphs = [paragraph.splitlines() for paragraph in text.split("\n\n")[1:]]
    explained = [
        line.partition(":")[0]
        for first, *lines in paragraphs
        for line in lines
        if first.startswith("# ") and line[0].isalpha()
    ]
    assert explained == list(yaml.safe_load(text))


def test_the_module_is_called_after_the_file(cli, folder):
    (folder / "experiments").mkdir()
    outcome = cli("init experiments/my-flowers.yml")
    assert outcome.status == 0
    assert (folder / "my_flowers.py").is_file()
    settings = yaml.safe_load((folder / "experiments/my-flowers.yml").read_text())
    assert (settings["name"], settings["model"]) == ("my-flowers", "my_flowers:Net")
    assert "python -m raysearch run experiments/my-flowers.yml" in outcome.out


def test_a_module_that_others_import_is_not_shadowed(folder, monkeypatch):
    from pathlib import Path

    assert module_name(Path("torch.yaml")) == "torch_net"
    assert module_name(Path("json.yaml")) == "json_net"
    (folder / "mine.py").touch()
    monkeypatch.syspath_prepend(str(folder))
    assert module_name(Path("mine.yaml")) == "mine"  # which `init` then refuses to overwrite


@pytest.mark.parametrize(
    ("existing", "message"),
    [
        (["experiment.yaml"], "experiment.yaml exists already"),
        (["experiment.py"], "experiment.py exists already"),
        (["experiment.yaml", "experiment.py"], "experiment.yaml and experiment.py exist already"),
    ],
)
def test_nothing_is_overwritten(cli, folder, existing, message):
    for name in existing:
        (folder / name).write_text("mine")
    outcome = cli("init")
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.endswith("Nothing was written.\n")
    assert sorted(path.name for path in folder.iterdir()) == sorted(existing)
    assert {path.read_text() for path in folder.iterdir()} == {"mine"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine", "mine is not the name of an experiment file, which ends in .yaml. Try mine.yaml."),
        ("there/mine.yaml", "There is no folder there to write mine.yaml to."),
    ],
)
def test_a_name_that_cannot_be_is_refused(cli, folder, name, message):
    outcome = cli(f"init {name}")
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert list(folder.iterdir()) == []


@pytest.mark.timeout(120)  # imports torch and Lightning, and trains
def test_the_starter_trains_to_something_sensible(cli, folder):
    """In a process of its own, as plain Lightning code that knows of nothing else."""
    cli("init")
    code = """
import logging, warnings
warnings.simplefilter("ignore")
import torch, experiment
from experiment import Data, Net, pl
torch.set_num_threads(1)
trainer = pl.Trainer(
    max_epochs=12, accelerator="cpu", logger=False, enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False,
)
model, data = Net(width=32, depth=2), Data()
trainer.fit(model, data)
print(trainer.test(model, data, verbose=False)[0]["test_accuracy"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert float(done.stdout.splitlines()[-1]) > 0.6  # three classes: 0.33 by chance
