"""The digits as data of which the density is learnt."""

from __future__ import annotations

import pytest
import torch

from raysearch.data.digits.module import Data
from raysearch.data.digits.space import data_spec
from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings


def test_a_density_has_the_same_images_and_seventeen_levels():
    told_apart, density = Data(batch_size=50), Data(batch_size=50, task="density")
    assert (density.spec.task, density.spec.n_outputs) == ("density", 17)
    assert density.spec == data_spec(task="density")
    images = density.val_dataloader().tensors[0]
    assert torch.equal(images, told_apart.val_dataloader().tensors[0])
    levels = images * 16
    assert torch.equal(levels, levels.round())
    assert (levels.min().item(), levels.max().item()) == (0, 16)


def test_batches_have_targets_that_mean_nothing():
    images, digits = next(iter(Data(batch_size=50, task="density").train_dataloader()))
    assert images.shape == (50, 1, 8, 8)
    assert digits.shape == (50,)


@pytest.mark.parametrize("refuse", [data_spec, lambda task: Data(batch_size=8, task=task)])
def test_another_task_is_refused(refuse):
    with pytest.raises(ConfigurationError, match=r"data\.task: densty is not one of.*density"):
        refuse(task="densty")


def settings(**data):
    return {
        "data": {"name": "digits", "args": data},
        "model": "generative",
        "objective": "val/bits_per_dim",
        "fidelity": {"max_epochs": 2},
    }


def test_an_experiment_names_the_task():
    experiment = from_settings(settings(task="density"))
    assert experiment.data_spec == data_spec(task="density")
    assert experiment.objective.direction == "minimize"


def test_a_density_is_not_learnt_where_the_digits_are_told_apart():
    with pytest.raises(ConfigurationError, match="generative is for density, but this data is for"):
        from_settings(settings())
