"""Does everything come from the Lightning of the user's model, and only that one?"""

from __future__ import annotations

import lightning.pytorch
import pytest
import pytorch_lightning

from raysearch.errors import ConfigurationError
from raysearch.training.namespace import LIGHTNING, NAMESPACES, PYTORCH_LIGHTNING, namespace_of
from tests import nets, other_nets


@pytest.mark.parametrize(
    ("found", "kind", "namespace"),
    [
        (nets.Net, "LightningModule", PYTORCH_LIGHTNING),
        (nets.Net(), "LightningModule", PYTORCH_LIGHTNING),
        (other_nets.Net, "LightningModule", LIGHTNING),
        (nets.Data, "LightningDataModule", PYTORCH_LIGHTNING),
        (other_nets.Data(), "LightningDataModule", LIGHTNING),
    ],
)
def test_a_class_and_its_objects_are_of_one_namespace(found, kind, namespace):
    assert namespace_of(found, kind=kind, path="mine") == namespace


@pytest.mark.parametrize("found", [dict, nets.Data, {}])
def test_what_is_of_neither_is_refused_by_name(found):
    with pytest.raises(ConfigurationError, match=r"my\.nets:Net is .*, which is no LightningMod"):
        namespace_of(found, kind="LightningModule", path="my.nets:Net")


def test_parts_are_those_of_the_namespace():
    assert PYTORCH_LIGHTNING.load(":Trainer") is pytorch_lightning.Trainer
    assert LIGHTNING.load(":Trainer") is lightning.pytorch.Trainer
    hint = LIGHTNING.load_fabric("utilities.warnings:PossibleUserWarning")
    assert hint.__module__ == "lightning.fabric.utilities.warnings"


class Greeter:
    """Says hello."""

    def on_fit_start(self, trainer, pl_module):
        raise NotImplementedError


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_plain_class_becomes_a_callback_of_the_namespace(namespace):
    made = namespace.derive(Greeter, part="callbacks:Callback")
    assert issubclass(made, namespace.load("callbacks:Callback"))
    assert made is namespace.derive(Greeter, part="callbacks:Callback")
    assert (made.__name__, made.__doc__) == ("Greeter", "Says hello.")
    assert namespace.overrides(made(), "on_fit_start")
    assert not namespace.overrides(made(), "on_fit_end")


def test_paths_of_one_namespace_become_those_of_the_other():
    for path in ("lightning.fabric.plugins:CheckpointIO", "lightning_fabric.plugins:CheckpointIO"):
        assert PYTORCH_LIGHTNING.translated(path) == "lightning_fabric.plugins:CheckpointIO"
        assert LIGHTNING.translated(path) == "lightning.fabric.plugins:CheckpointIO"
    assert LIGHTNING.translated("pytorch_lightning:Trainer") == "lightning.pytorch:Trainer"
    assert LIGHTNING.translated("pytorch_lightning_bolts:A") == "pytorch_lightning_bolts:A"
