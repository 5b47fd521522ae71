"""Does a model begin with what another one has learnt, its optimiser's moments included?"""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest
import torch

from raysearch.errors import ConfigurationError, TrialFailed
from raysearch.init_from import InitFrom
from raysearch.models import architecture_of, families_that_grow, package_of
from raysearch.models.cnn.module import CNN
from raysearch.models.mlp.module import MLP
from raysearch.models.rnn.module import RNN
from raysearch.training.fit import train
from raysearch.training.growing import grown_checkpoint, inherit
from tests.contracts.test_training import family_job
from tests.nets import Listener
from tests.unit.models.grown import IMAGES, difference

WIDE = {"width": 24, "depth": 3}
MLP_OF_DIGITS = {"width": 16, "depth": 2, "connections": "residual", "dropout": 0.0}


def job_of(folder, **arguments):
    """Return a job that trains a small perceptron on digits."""
    job = family_job(folder, family="mlp", data="digits")
    given = {**job.model_arguments, **MLP_OF_DIGITS, **arguments}
    return replace(job, model_arguments=given)


@pytest.fixture(scope="module", params=["adamw", "sgd", "nadam"])
def parent(request, tmp_path_factory):
    """A trained checkpoint, its path, and the job that wrote it."""
    folder = tmp_path_factory.mktemp("parent")
    job = job_of(folder / "0003", optimizer=request.param)
    train(job, report=Listener())
    path = folder / "0003" / "epoch-0002.ckpt"
    return job, path, torch.load(path, weights_only=True)


def rebuilt(checkpoint):
    model = MLP(**checkpoint["hyper_parameters"])
    model.load_state_dict(checkpoint["state_dict"])
    return model.eval()


def slots_by_name(states, model):
    """Return the slots of an optimiser by the names of its weights, as torch numbers them."""
    names = {weight: name for name, weight in model.named_parameters()}
    optimizer = model.configure_optimizers()
    optimizer = optimizer["optimizer"] if isinstance(optimizer, dict) else optimizer
    optimizer.load_state_dict(states[0])
    return {names[weight]: slots for weight, slots in optimizer.state.items()}


def constant(job_arguments):
    return {**job_arguments, "schedule": "constant", "warmup_fraction": 0.0}


def test_the_families_that_grow_say_so_without_torch():
    assert families_that_grow() == ("cnn", "mlp")
    assert "depth" in architecture_of("mlp")
    assert not architecture_of("rnn")
    assert package_of("raysearch.models.cnn.module:CNN") == "raysearch.models.cnn"
    assert package_of("raysearch.models.rnn.module:RNN") is None


@pytest.mark.parametrize("family", families_that_grow())
def test_arguments_that_make_the_architecture_are_the_constructors(family):
    made = {"cnn": CNN, "mlp": MLP}[family]
    assert architecture_of(family) <= inspect.signature(made).parameters.keys()


def test_a_larger_model_computes_the_same(parent):
    _, _, checkpoint = parent
    model = MLP(**{**checkpoint["hyper_parameters"], **WIDE})
    found = inherit(checkpoint, model=model)
    assert difference(rebuilt(checkpoint), model.eval()) < 1e-5
    assert found.is_preserved
    assert {*found.preserved, *found.new} == {
        name.rpartition(".")[0] for name in model.state_dict()
    }
    assert found.to_json()["overlapped"] == 0


def test_moments_follow_their_weights(parent):
    """A weight that was read once and is read by one copy has what it had."""
    _, _, checkpoint = parent
    model = MLP(**{**constant(checkpoint["hyper_parameters"]), **WIDE})
    found = inherit(checkpoint, model=model)
    before = slots_by_name(
        checkpoint["optimizer_states"], MLP(**constant(checkpoint["hyper_parameters"]))
    )
    after = slots_by_name(found.optimizer_states, model)
    bias = "network.output.bias"
    for key, value in before[bias].items():
        assert torch.equal(torch.as_tensor(after[bias][key]), torch.as_tensor(value)), key
    added = "network.hidden.1.branch.1.weight"
    assert added not in before
    assert all(not torch.as_tensor(v).any() or k == "mu_product" for k, v in after[added].items())


def test_a_copy_has_its_share_of_the_moments(parent):
    _, _, checkpoint = parent
    model = MLP(**{**constant(checkpoint["hyper_parameters"]), "width": 32})
    found = inherit(checkpoint, model=model)
    before = slots_by_name(
        checkpoint["optimizer_states"], MLP(**constant(checkpoint["hyper_parameters"]))
    )["network.input.weight"]
    after = slots_by_name(found.optimizer_states, model)["network.input.weight"]
    first = "momentum_buffer" if "momentum_buffer" in before else "exp_avg"
    torch.testing.assert_close(after[first][:16], before[first] / 2)
    if first == "exp_avg":
        torch.testing.assert_close(after["exp_avg_sq"][:16], before["exp_avg_sq"] / 4)
        assert torch.equal(torch.as_tensor(after["step"]), torch.as_tensor(before["step"]))


def test_moments_are_what_the_gradients_become():
    """In mean over the draws of shares: two copies of a unit each have half of its gradient."""
    base = {"input_shape": [1, 8, 8], "n_outputs": 4, "width": 4, "depth": 1, "dropout": 0.0,
            "normalization": "none"}  # fmt: skip
    old = MLP(**base)
    (old(IMAGES) - 1).square().mean().backward()
    checkpoint = {"hyper_parameters": dict(old.hparams), "state_dict": old.state_dict()}
    gradients = []
    for _ in range(40):
        new = MLP(**{**base, "width": 8})
        inherit(checkpoint, model=new)
        (new(IMAGES) - 1).square().mean().backward()
        gradients.append(new.network.input.weight.grad[:4])
    found, expected = torch.stack(gradients).mean(0), old.network.input.weight.grad / 2
    # shares vary by a fifth of themselves, so their mean by 3.2 %; six standard errors
    assert (found - expected).abs().max() < 0.2 * expected.abs().max()


def test_another_optimiser_begins_anew(parent):
    _, _, checkpoint = parent
    other = "sgd" if checkpoint["hyper_parameters"]["optimizer"] == "adamw" else "adamw"
    model = MLP(**{**checkpoint["hyper_parameters"], "optimizer": other})
    found = inherit(checkpoint, model=model)
    assert found.is_preserved
    assert found.optimizer_states == []
    assert found.to_json()["moments"] is False


def test_a_fit_goes_on_from_a_checkpoint_that_has_grown(parent, tmp_path):
    job, _, checkpoint = parent
    arguments = {**job.model_arguments, **WIDE}
    grown, inherited = grown_checkpoint(checkpoint, model=MLP(**arguments))
    assert inherited.is_preserved
    path = tmp_path / "grown.ckpt"
    torch.save(grown, path)
    going_on = replace(
        job, model_arguments=arguments, max_epochs=4, directory=str(tmp_path / "0004"),
        resume_from=str(path), epochs_before=2,
    )  # fmt: skip
    listener = Listener()
    train(going_on, report=listener)
    assert [m.epoch for m in listener.measurements] == [3, 4]
    assert listener.measurements[0].step > checkpoint["global_step"]
    written = torch.load(tmp_path / "0004" / "epoch-0004.ckpt", weights_only=True)
    assert written["hyper_parameters"]["width"] == 24


def test_a_child_begins_where_its_parent_was_best(parent, tmp_path):
    job, path, _ = parent
    began, anew = Listener(), Listener()
    arguments = {**job.model_arguments, **WIDE}
    child = replace(
        job, trial="0007", model_arguments=arguments, directory=str(tmp_path / "0007"), max_epochs=2
    )
    train(child, report=anew)
    start = InitFrom(checkpoint=str(path), parent="0003")
    child = replace(child, init_from=start, directory=str(tmp_path / "0008"))
    train(child, report=began)
    first, second = began.measurements
    assert first.inherited["trial"] == "0003"
    assert first.inherited["is_preserved"] is True
    assert first.inherited["moments"] is True
    assert second.inherited == {}
    assert anew.measurements[0].inherited == {}
    assert first.values["val/loss"] < anew.measurements[0].values["val/loss"]
    assert [m.epoch for m in began.measurements] == [1, 2]
    assert first.applied["learning_rate"] == anew.measurements[0].applied["learning_rate"]


def test_a_child_that_goes_on_needs_its_parent_no_more(parent, tmp_path):
    job, _, _ = parent
    job = replace(job, directory=str(tmp_path / "0007"), max_epochs=1)
    train(job, report=Listener())
    gone = InitFrom(checkpoint=str(tmp_path / "gone.ckpt"), parent="0003")
    going_on = replace(
        job, init_from=gone, max_epochs=2, epochs_before=1,
        resume_from=str(tmp_path / "0007" / "epoch-0001.ckpt"),
    )  # fmt: skip
    listener = Listener()
    train(going_on, report=listener)
    assert [m.epoch for m in listener.measurements] == [2]
    assert listener.measurements[0].inherited == {}


def test_a_parent_whose_checkpoint_is_gone_is_named(parent, tmp_path):
    job, _, _ = parent
    gone = InitFrom(checkpoint=str(tmp_path / "epoch-0002.ckpt"), parent="0003")
    with pytest.raises(TrialFailed, match=r"weights of trial 0003, and epoch-0002.ckpt is missing"):
        train(replace(job, init_from=gone, directory=str(tmp_path / "t")), report=Listener())


def test_a_family_that_cannot_is_told_which_ones_can():
    model = RNN(input_shape=[2, 9], n_outputs=3)
    with pytest.raises(ConfigurationError, match=r"RNN cannot take over.*can: cnn, mlp"):
        inherit({}, model=model)


def test_weights_of_other_data_are_refused(parent):
    _, _, checkpoint = parent
    model = MLP(**{**checkpoint["hyper_parameters"], "n_outputs": 3, "class_counts": []})
    with pytest.raises(ConfigurationError, match=r"n_outputs 10, and the model for 3"):
        inherit(checkpoint, model=model)
    with pytest.raises(ConfigurationError, match=r"no arguments of MLP"):
        inherit({"state_dict": {}}, model=model)
