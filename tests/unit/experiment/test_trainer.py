from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from raysearch.experiment.trainer import OWNED, TrainerSection


def trainer_arguments() -> set[str]:
    """Return the arguments of Lightning's Trainer, read from its source, which takes no import."""
    spec = importlib.util.find_spec("pytorch_lightning")
    source = (Path(spec.origin).parent / "trainer" / "trainer.py").read_text()
    (trainer,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Trainer"
    )
    (init,) = (
        node
        for node in trainer.body
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    return {argument.arg for argument in init.args.kwonlyargs}


def test_every_argument_of_the_trainer_is_either_free_or_owned():
    free = set(TrainerSection.model_fields)
    assert not free & OWNED.keys()
    assert free | OWNED.keys() == trainer_arguments()


@pytest.mark.parametrize("argument", OWNED)
def test_an_owned_argument_is_refused_with_what_to_do(argument, refused):
    fault, _ = refused(f"trainer: {{{argument}: 1}}")
    assert f"trainer.{argument} is set by raysearch. {OWNED[argument]}" in fault


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("limit_train_batches: 3", 3),
        ("limit_train_batches: 1", 1),
        ("limit_val_batches: 1.0", 1.0),
        ("gradient_clip_val: 1", 1.0),
        ("deterministic: warn", "warn"),
        ("benchmark: false", False),
    ],
)
def test_a_free_argument_keeps_the_type_that_it_was_written_in(written, value, loaded):
    (found,) = loaded(f"trainer: {{{written}}}").trainer.values()
    assert found == value
    assert type(found) is type(value)


def test_an_argument_that_is_null_is_not_given(loaded):
    assert loaded("trainer: {precision: null}").trainer == {}
    assert loaded("trainer:").trainer == {}
