"""What does each method do to a network, and what does it leave?"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from raysearch.compression import lesson
from raysearch.compression.aware import Rounding
from raysearch.compression.change import n_parameters, output_modules
from raysearch.compression.channels import channels_left, prune_channels
from raysearch.compression.depth import blocks_of, take_out_blocks
from raysearch.compression.distilling import distil, lightest_choice, sizes_of
from raysearch.compression.fine_tuning import Averaging, fine_tune
from raysearch.compression.lesson import Lesson, divergence, lesson_for
from raysearch.compression.low_rank import factorise, thin_of
from raysearch.compression.magnitude import prune_weights
from raysearch.errors import Unsupported

pytestmark = [
    pytest.mark.timeout(240),  # each trains a little, on a machine that may be busy
    pytest.mark.filterwarnings(
        "ignore"
    ),  # what torch, its exporter and Lightning say of each other
]


class Flat(nn.Module):
    """Has nothing that could be pruned or factorised."""

    def forward(self, x):
        return x.flatten(1)


def outputs(model, calls):
    with torch.no_grad():
        return model.eval()(*calls[0].inputs)


def test_channels_are_gone_and_outputs_are_not(given):
    before = n_parameters(given.model)
    changed = prune_channels(given)
    convolutions = [m for m in changed.model.modules() if isinstance(m, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [8, 8, 16]
    assert n_parameters(changed.model) < 0.6 * before
    assert outputs(changed.model, given.calls).shape == given.calls[0].outputs.shape


@pytest.mark.parametrize("keep", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("width", [32, 56, 96, 100, 256])
def test_what_is_left_is_what_processors_compute_at_once(width, keep):
    left = channels_left(width, keep=keep)
    assert left % 16 == 0 or left == width
    assert abs(left - width * keep**0.5) <= 8.5


def test_a_block_that_changes_no_shape_is_taken_out(given):
    assert [block.name for block in blocks_of(given.model, given.calls[0])] == [
        "network.stages.0",
        "network.stages.0.0",
        "network.stages.0.0.branch",
        "network.stages.0.0.branch.0",
        "network.stages.0.0.branch.0.0",
    ]
    changed = take_out_blocks(replace(given, keep=0.9, blocks=1))
    assert not blocks_of(changed.model, given.calls[0])
    assert changed.left == "the rest, without network.stages.0"
    assert outputs(changed.model, given.calls).shape == given.calls[0].outputs.shape
    with pytest.raises(Unsupported, match="CNN has no block whose outputs have the shape"):
        take_out_blocks(replace(given, model=changed.model, blocks=1))


def test_channels_go_with_the_blocks_until_both_leave_what_is_to_be_kept(given):
    before = n_parameters(given.model)
    changed = take_out_blocks(replace(given, keep=0.3, blocks=3))
    assert n_parameters(changed.model) < 0.4 * before


def test_nothing_to_prune_is_said_by_each_method(given):
    flat = replace(given, model=Flat())
    for method in (prune_channels, prune_weights, factorise):
        with pytest.raises(Unsupported, match=r"Flat|CNN"):
            method(flat)


def test_the_smallest_weights_are_zero_also_after_training(given):
    changed = prune_weights(replace(given, keep=0.25))
    fine_tune(
        changed.model,
        job=given.subject.job,
        epochs=1,
        rate=0.3,
        all_data=False,
        after_step=changed.after_step,
    )
    layers = [m for m in changed.model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    zeros = sum(int((layer.weight == 0).sum()) for layer in layers)
    total = sum(layer.weight.numel() for layer in layers)
    assert zeros == total - round(0.25 * total)
    assert "outside of linear and convolutional layers" in changed.left


def test_training_changes_the_model_and_leaves_its_methods(given):
    before = [p.detach().clone() for p in given.model.parameters()]
    configure = given.model.configure_optimizers
    fine_tune(given.model, job=given.subject.job, epochs=1, rate=0.3, all_data=False)
    assert any(not torch.equal(a, b) for a, b in zip(before, given.model.parameters(), strict=True))
    assert given.model.configure_optimizers == configure
    assert not given.model.training


def test_an_interrupt_of_its_training_is_no_exit(given):
    def training_step(batch, batch_idx):
        raise KeyboardInterrupt

    given.model.training_step = training_step
    with pytest.raises(KeyboardInterrupt):  # of which Lightning makes an exit with status 1
        fine_tune(given.model, job=given.subject.job, epochs=1, rate=0.3, all_data=False)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.Linear(30, 20), torch.randn(5, 30)),
        (nn.Conv2d(8, 12, 3, stride=2, padding=1), torch.randn(5, 8, 9, 9)),
        (nn.Conv1d(6, 16, 5, padding=4, dilation=2, bias=False), torch.randn(5, 6, 20)),
    ],
)
def test_two_thin_layers_compute_the_nearest_of_their_rank(layer, x):
    n_outputs, n_inputs = layer.weight.shape[0], layer.weight[0].numel()
    with torch.no_grad():  # of rank 2, so that rank 2 and more is exact
        layer.weight.copy_(
            (torch.randn(n_outputs, 2) @ torch.randn(2, n_inputs)).reshape_as(layer.weight)
        )
    thin = thin_of(layer, keep=0.6)
    assert thin is not None
    assert sum(p.numel() for p in thin.parameters()) < sum(p.numel() for p in layer.parameters())
    assert torch.allclose(thin(x), layer(x), atol=1e-4)


def test_grouped_convolutions_stay():
    assert thin_of(nn.Conv2d(8, 8, 3, groups=8), keep=0.5) is None


def test_factorised_networks_are_smaller(given):
    before = n_parameters(given.model)
    changed = factorise(given)
    assert n_parameters(changed.model) < 0.8 * before
    assert outputs(changed.model, given.calls).shape == given.calls[0].outputs.shape


def test_the_student_is_of_the_same_space(given):
    sizes = sizes_of(given.subject)
    assert {name: value for name, (value, _) in sizes.items()} == {"width": 16}
    changed = distil(given)
    assert n_parameters(changed.model) <= 0.5 * n_parameters(given.model)
    assert sizes["width"][1].contains(changed.model.hparams.width)
    assert changed.left == f"all but width={changed.model.hparams.width}"


def test_a_lighter_student_differs_in_the_choice_that_saves_most(given):
    assert lightest_choice(given.subject) == {"block": "depthwise_separable"}
    changed = distil(replace(given, student="lighter"))
    assert changed.left == "all but block=depthwise_separable"
    assert n_parameters(changed.model) <= 0.5 * n_parameters(given.model)


def test_what_cannot_be_small_enough_is_said(given):
    with pytest.raises(Unsupported, match=r"the smallest CNN of the space has [\d,]+ parameters"):
        distil(replace(given, keep=0.01))


def test_a_lesson_draws_outputs_to_the_teachers(given, monkeypatch):
    monkeypatch.setattr(lesson, "WEIGHT", 1.0)  # what the labels say may be the contrary
    teacher = given.model
    student = distil(given).model

    def apart():
        taught = outputs(teacher, given.calls)
        return float(divergence(outputs(student, given.calls), taught))

    before = apart()
    with Lesson(student, teacher=teacher, is_classifier=True):
        fine_tune(student, job=given.subject.job, epochs=2, rate=1.0, all_data=False)
    assert apart() < before
    assert "training_step" not in vars(student)


def test_what_kept_its_weights_learns_where_it_can_and_else_as_ever(given):
    class Indirect(nn.Module):
        def training_step(self, batch):
            return batch.mean()

    student = Indirect()
    with Lesson(student, teacher=given.model, is_classifier=True, is_needed=False):
        assert student.training_step(torch.ones(2)) == 1.0
    with (
        Lesson(student, teacher=given.model, is_classifier=True),
        pytest.raises(Unsupported, match="Indirect does not call its forward once"),
    ):
        student.training_step(torch.ones(2))
    found = lesson_for(given.subject, given.model, is_needed=False)
    assert found is not None
    assert torch.equal(outputs(found._teacher, given.calls), given.calls[0].outputs)


def test_the_last_quarter_of_the_epochs_is_averaged():
    model = nn.BatchNorm1d(1)
    averaging = Averaging(model, epochs=8)
    for epoch in range(8):
        with torch.no_grad():
            model.weight.fill_(epoch)
            model.running_mean.fill_(2.0 * epoch)
        averaging.on_train_epoch_end()
    averaging.give()
    assert model.weight.item() == 6.5  # of the last two epochs, 6 and 7
    assert model.running_mean.item() == 13.0


def test_rounding_is_felt_and_goes_away(given):
    model, x = given.model, given.calls[0].inputs
    exact = outputs(model, given.calls)
    parameters = dict(model.named_parameters())
    with Rounding(model):
        model.train()
        loss = model(*x).square().mean()
        loss.backward()
        assert all(p.grad is not None for p in parameters.values())
        felt = outputs(model, given.calls)
        assert not torch.equal(felt, exact)
    assert dict(model.named_parameters()).keys() == parameters.keys()
    assert all(p is parameters[name] for name, p in model.named_parameters())


def test_layers_of_the_outputs_are_found_without_being_named(calls):
    class Plain(nn.Sequential):
        pass

    model = Plain(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    assert output_modules(model, calls[0]) == [model[3]]
