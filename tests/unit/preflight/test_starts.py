"""Does `check` tell what a checkpoint does not have, before a search begins from it?"""

from __future__ import annotations

import pytest
import torch

from raysearch.experiment import from_settings
from raysearch.imports import load_object
from raysearch.preflight import preflight
from raysearch.trying import is_to_be_tried

pytestmark = pytest.mark.timeout(60)

SMALL = {"depth": 2, "width": 8, "dropout": 0.1, "normalization": "batch"}


def experiment(**sections):
    return from_settings(
        {
            "data": "digits",
            "model": "mlp",
            "objective": "val/accuracy",
            "searcher": "random",
            "fidelity": {"max_epochs": 4},
            **sections,
        }
    )


@pytest.fixture
def old(tmp_path):
    """A checkpoint of the family `mlp`."""
    found = experiment(space=SMALL)
    bound = found.bind(found.space.default())
    model = load_object(bound.model_class)(**bound.model_arguments)
    path = tmp_path / "old.ckpt"
    content = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(bound.model_arguments),
        "raysearch": {"class": bound.model_class},
    }
    torch.save(content, path)
    return str(path)


FEW = {"data.batch_size": 64, "learning_rate": 0.01, "activation": "relu", "optimizer": "adamw"}
FEW |= {"weight_decay": 0.0, "schedule": "constant", "warmup_fraction": 0.0, "connections": "plain"}
FEW |= {"loss": "cross_entropy", "label_smoothing": 0.0}


def faults(found):
    """Return what is refused, however little time there is."""
    return " ".join(finding.text for finding in preflight(found, time_limit_s=0).faults)


def test_a_checkpoint_that_fits_is_no_matter(old):
    found = experiment(model={"name": "mlp", "init_from": old}, space={**FEW, **SMALL})
    verdict = preflight(found)
    assert not verdict.findings
    assert is_to_be_tried(found)


def test_what_begins_anew_is_a_warning(old):
    sizes = {**SMALL, "depth": {"int": [2, 3], "default": 2}}
    found = experiment(model={"name": "mlp", "init_from": old}, space={**FEW, **sizes})
    (warning,) = preflight(found).warnings
    assert "5 of 7 layers are taken" in warning.text
    assert "not in the checkpoint" in warning.text
    assert "highest" in warning.text


def test_one_of_another_family_is_a_fault(old):
    ranges = {"init_from": {"choice": [None, old]}, "stages": 1}
    assert "checkpoint of raysearch.models.mlp" in faults(experiment(model="cnn", space=ranges))


@pytest.mark.parametrize("content", [None, b"PK\x03\x04 and nothing more"])
def test_one_that_is_missing_or_damaged_is_a_fault(tmp_path, content):
    path = tmp_path / "gone.ckpt"
    if content is not None:
        path.write_bytes(content)
    found = experiment(space={**FEW, **SMALL, "init_from": {"choice": [None, str(path)]}})
    told = faults(found)
    assert "gone.ckpt is missing" in told or "gone.ckpt is damaged" in told
    assert "Give a checkpoint" in told


def test_one_of_another_architecture_is_a_fault_that_names_it(old):
    found = experiment(model={"name": "mlp", "init_from": old}, space={**FEW, **SMALL, "width": 16})
    assert "width (8 there, 16 here)" in faults(found)
