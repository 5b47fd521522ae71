"""Does every family begin from a checkpoint: with its weights, held still, and at lower rates?"""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from raysearch.imports import load_object
from raysearch.init_from import InitFrom
from raysearch.models import FAMILIES
from raysearch.models.shared.noise import ExampleNoise
from raysearch.training.fit import refit, train
from raysearch.training.old_weights import layers, output_layers, take
from tests.contracts.families import CASES, batch_for
from tests.contracts.test_loops import assert_same
from tests.contracts.test_training import assert_equal, family_job, without_time
from tests.nets import Listener

pytestmark = pytest.mark.timeout(120)

DENSITIES = [
    ("generative", {"kind": "autoregressive"}),
    ("generative", {"kind": "diffusion"}),
    ("generative", {"kind": "flow"}),
    ("vae", {"architecture": "convolutional"}),
    ("vae", {"architecture": "dense"}),
]
"""Families that are densities, each in all its kinds."""

TRAINED = ("cnn", "mlp")
"""Families that are trained here, on digits."""


def build(family, seed, **arguments):
    """Return a family's default model for its first case, and what it was built with."""
    space = importlib.import_module(f"{FAMILIES[family]}.space")
    data = CASES[family][0]
    given = {**space.data_arguments(data), **space.search_space(data).default(), **arguments}
    torch.manual_seed(seed)
    return load_object(space.MODULE)(**given), given


@pytest.fixture
def job(tmp_path):
    return family_job(tmp_path / "trial", family="mlp", data="digits")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("part", ["all", "body"])
def test_every_family_takes_what_it_is_made_of(tmp_path, job, family, part):
    old, arguments = build(family, 1)
    path = str(tmp_path / "old.ckpt")
    torch.save({"state_dict": old.state_dict(), "hyper_parameters": arguments}, path)
    model, _ = build(family, 2)
    new = {key: value.clone() for key, value in model.state_dict().items()}
    job = replace(job, model_class=f"{FAMILIES[family]}.module:X", kind="builder")
    start = InitFrom(checkpoint=path, part=part)
    taken = take(model, job=job, start=start)
    assert not taken.left
    output = output_layers(model)
    assert 0 < len(output) < len(layers(new))
    is_old = set(layers(new)) if part == "all" else set(layers(new)) - output
    assert set(taken.layers) == is_old
    found = model.state_dict()
    changed = {found[key].data_ptr() for key in found if key.rpartition(".")[0] in is_old}
    for key, value in found.items():  # a tensor may have two names
        expected = old.state_dict() if value.data_ptr() in changed else new
        assert torch.equal(value, expected[key]), key


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_declares_layers_that_make_its_outputs(family):
    model, _ = build(family, 1)
    found = set(layers(model.state_dict()))
    assert model.output_layers
    for name in model.output_layers:
        assert any(layer == name or layer.startswith(f"{name}.") for layer in found), name


@pytest.mark.parametrize(("family", "kind"), DENSITIES)
def test_output_layers_of_densities_are_those_from_which_the_images_come(family, kind):
    """With all of them at zero, nothing that an image is told by is left of the others."""
    space = importlib.import_module(f"{FAMILIES[family]}.space").search_space(CASES[family][0])
    model, _ = build(family, 1, **space.replaced(kind).default())
    output = output_layers(model)
    x = batch_for(CASES[family][0], 4)[0]

    def told():
        torch.manual_seed(3)
        with torch.no_grad():
            return model.eval().network.nats(x, ExampleNoise(first=0, n=4))[0]

    for name, parameter in model.named_parameters():
        if name.rpartition(".")[0] in output:
            parameter.data.zero_()
    if family == "vae":  # the divergence is told by the encoder
        model.network.encoder.output.weight.data.zero_()
    before = told()
    for name, parameter in model.named_parameters():
        layer = name.rpartition(".")[0]
        if layer not in output and not layer.startswith(("network.encoder", "network.maps.0")):
            parameter.data.add_(1.0)
    torch.testing.assert_close(told(), before)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["adamw", "nadam", "sgd"])
def test_every_family_lets_old_layers_learn_at_a_lower_rate(family, kind):
    model, arguments = build(family, 1, optimizer=kind, schedule="constant", warmup_fraction=0.0)
    output = output_layers(model)
    old = [layer for layer in layers(model.state_dict()) if layer not in output]
    slow = {p for name, p in model.named_parameters() if name.rpartition(".")[0] in old}
    model.set_apart(slow, rate=0.1)
    optimizer = model.configure_optimizers()
    rate = arguments["learning_rate"]
    seen = 0
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            seen += 1
            assert group["lr"] == pytest.approx(rate * (0.1 if parameter in slow else 1.0))
    assert seen == len([p for p in model.parameters() if p.requires_grad])


@pytest.fixture(scope="module", params=TRAINED)
def begun(request, tmp_path_factory):
    """A job that begins from a checkpoint of its family, frozen for an epoch, then slower."""
    folder = tmp_path_factory.mktemp(request.param)
    job = family_job(folder / "old", family=request.param, data="digits")
    train(replace(job, trial="0009", max_epochs=1), report=Listener())
    start = InitFrom(
        checkpoint=str(folder / "old" / "epoch-0001.ckpt"),
        part="body",
        frozen_epochs=1,
        rate=0.25,
    )
    return replace(job, init_from=start, max_epochs=3, directory=str(folder / "trial"))


def weights(path):
    return torch.load(path, weights_only=True)["state_dict"]


def of_output(key):
    return key.startswith("network.output.")


def test_frozen_layers_and_their_statistics_stay_and_then_learn(begun, tmp_path):
    job = replace(begun, directory=str(tmp_path))
    listener = Listener()
    train(job, report=listener)
    old = weights(job.init_from.checkpoint)
    first, second = (weights(tmp_path / f"epoch-000{n}.ckpt") for n in (1, 2))
    assert any("running_mean" in key for key in old)
    for key, value in old.items():
        assert torch.equal(first[key], value) != of_output(key), key
    changed = [key for key in old if not torch.equal(second[key], first[key])]
    assert len(changed) == len(old)
    applied = listener.measurements[0].applied
    assert applied["learning_rate.3"] == pytest.approx(applied["learning_rate"] / 4)


def test_both_loops_do_the_same(begun, tmp_path):
    assert_same(begun, tmp_path)


def test_a_trial_that_goes_on_needs_the_first_checkpoint_no_more(begun, tmp_path):
    whole, part, rest = Listener(), Listener(), Listener()
    train(replace(begun, directory=str(tmp_path / "whole")), report=whole)
    copy = tmp_path / "old.ckpt"
    copy.write_bytes(Path(begun.init_from.checkpoint).read_bytes())
    start = replace(begun.init_from, checkpoint=str(copy), frozen_epochs=1)
    job = replace(begun, init_from=start, directory=str(tmp_path / "part"))
    train(job, report=lambda report: part(report) and False)
    copy.unlink()
    resumed = tmp_path / "part" / "epoch-0001.ckpt"
    train(replace(job, resume_from=str(resumed), epochs_before=1), report=rest)
    assert without_time(whole.measurements[1:]) == without_time(rest.measurements)
    ends = [tmp_path / name / "epoch-0003.ckpt" for name in ("whole", "part")]
    first, second = (torch.load(path, weights_only=True) for path in ends)
    assert_equal(first["state_dict"], second["state_dict"])
    assert_equal(first["optimizer_states"], second["optimizer_states"])


@pytest.mark.parametrize("part", ["all", "body"])
@pytest.mark.parametrize("kind", ["adamw", "nadam", "sgd"])
def test_what_was_frozen_joins_in_under_every_optimiser(begun, tmp_path, kind, part):
    start = replace(begun.init_from, part=part, rate=1.0)
    given = {**begun.model_arguments, "optimizer": kind}
    job = replace(begun, init_from=start, model_arguments=given, directory=str(tmp_path))
    train(replace(job, max_epochs=2), report=Listener())
    old, second = weights(start.checkpoint), weights(tmp_path / "epoch-0002.ckpt")
    assert not any(torch.equal(second[key], old[key]) for key in old)


def test_frozen_epochs_hold_where_a_trial_goes_on(begun, tmp_path):
    start = replace(begun.init_from, frozen_epochs=2)
    job = replace(begun, init_from=start, directory=str(tmp_path))
    train(job, report=lambda report: False, may_run_ahead=False)
    train(replace(job, resume_from=str(tmp_path / "epoch-0001.ckpt")), report=Listener())
    old, second = weights(start.checkpoint), weights(tmp_path / "epoch-0002.ckpt")
    assert all(torch.equal(second[key], old[key]) for key in old if not of_output(key))
    third = weights(tmp_path / "epoch-0003.ckpt")
    assert not any(torch.equal(third[key], old[key]) for key in old)


def test_a_refit_begins_from_the_same_weights(begun, tmp_path):
    refit(begun, epochs=1, path=tmp_path / "model.ckpt")
    old, found = weights(begun.init_from.checkpoint), weights(tmp_path / "model.ckpt")
    for key, value in old.items():
        assert torch.equal(found[key], value) != of_output(key), key


def test_a_trial_that_begins_anew_is_not_changed_by_one_that_did_not(begun, tmp_path):
    new = replace(begun, init_from=None)
    before, after = Listener(), Listener()
    train(replace(new, directory=str(tmp_path / "before")), report=before)
    train(replace(begun, directory=str(tmp_path / "between")), report=Listener())
    train(replace(new, directory=str(tmp_path / "after")), report=after)
    assert without_time(before.measurements) == without_time(after.measurements)
