"""Is everything known that a model or callback defines anew?"""

from __future__ import annotations

import pytest

from raysearch.training.lean.hooks import COMMON, OF_TRAINING, callback_hooks, overridden
from raysearch.training.namespace import NAMESPACES, PYTORCH_LIGHTNING
from tests import zoo

Base, Callback = zoo.PYTORCH_LIGHTNING.Base, PYTORCH_LIGHTNING.load("callbacks:Callback")


def hooks_of(callback):
    return callback_hooks(callback, OF_TRAINING, namespace=PYTORCH_LIGHTNING)


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_common_hook_and_every_one_of_a_batch_is_lightnings(namespace):
    assert set(dir(namespace.load(":LightningModule"))) >= COMMON
    assert set(dir(namespace.load("callbacks:Callback"))) >= {*OF_TRAINING}
    assert {*OF_TRAINING}.isdisjoint(COMMON)


def test_a_method_is_seen_wherever_it_comes_from():
    class Mixin:
        def backward(self, loss):
            loss.backward()

        def my_own(self):
            pass

    class Mixed(Mixin, Base):
        automatic_optimization = property(lambda self: True)

        def __repr__(self):
            return "mixed"

        def __getattr__(self, name):
            return super().__getattr__(name)

    model = Mixed()
    model.optimizer_step = lambda *_: None
    model.something = lambda: None
    assert overridden(model, namespace=PYTORCH_LIGHTNING) - COMMON == {
        "backward",
        "automatic_optimization",
        "__getattr__",
        "optimizer_step",
    }


def test_a_plain_model_overrides_common_hooks_alone():
    assert overridden(Base(), namespace=PYTORCH_LIGHTNING) == {
        "training_step",
        "validation_step",
        "configure_optimizers",
    }


def test_hooks_of_callbacks_are_seen_wherever_they_come_from():
    class Watches(Callback):
        def __getattribute__(self, name):
            return super().__getattribute__(name)

    class Ends(Callback):
        def on_train_epoch_end(self, trainer, pl_module):
            pass

    class Begins(Ends):
        def on_before_backward(self, trainer, pl_module, loss):
            pass

    patched = Ends()
    patched.on_after_backward = lambda *_: None
    assert hooks_of(Ends()) == []
    assert hooks_of(Begins()) == ["on_before_backward"]
    assert hooks_of(patched) == ["on_after_backward"]
    assert (
        hooks_of(Watches()) == hooks_of(object.__new__(Foreign)) == ["hooks that cannot be known"]
    )


class Foreign:
    """No callback of Lightning's."""
