"""What must every built-in model family be able to do? Driven by the table `FAMILIES`."""

from __future__ import annotations

import importlib
import inspect
import json
import math
import subprocess
import sys

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from raysearch.data.loaders import TensorLoader
from raysearch.errors import ConfigurationError
from raysearch.models import FAMILIES, families_for, own_metrics
from raysearch.models.metrics import LOGGED
from raysearch.models.shared.optimizers import parameter_groups
from tests.contracts.families import (
    BOTH,
    CASES,
    N_EXAMPLES,
    REFUSED,
    TRAINED,
    batch_for,
    name_of,
    spec,
)

OF_DATA = {
    "input_shape", "n_outputs", "task", "cardinalities", "class_counts", "target_scale", "form",
    "vocabulary", "target_length",
}  # fmt: skip
"""Arguments that follow from the data; those that say nothing of it may be left out."""
DEPEND_ON_DATA = {"graph", "loss", "patch_size", "stages"}
"""Parameters whose default in a space follows from task or shape."""
DRAWS_NO_WEIGHTS = {"graph"}
"""Families whose first weights are part of the configuration."""
NOT_DECAYING = {
    "attention": {"learnt"},
    "generative": {"bias", "log_scale", "position", "shift"},
    "vae": {"bias"},
}
"""Family -> what does not decay although it has two dimensions or more: what is added or scales."""

pytestmark = pytest.mark.filterwarnings(
    "ignore:`isinstance.treespec, LeafSpec:FutureWarning"  # Lightning's own, about torch
)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Keep several threads from waiting for each other on networks this small."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


class Family:
    """A family for some data."""

    def __init__(self, name, data):
        self.name, self.data = name, data
        self.space_module = importlib.import_module(f"{FAMILIES[name]}.space")
        module, class_name = self.space_module.MODULE.split(":")
        self.module_class = getattr(importlib.import_module(module), class_name)
        self.space = self.space_module.search_space(self.data)
        self.legal = self.space_module.legal_domains(self.data)
        self.data_arguments = self.space_module.data_arguments(self.data)
        self.metrics = {**LOGGED[data.task], **own_metrics(name)}
        self.is_supervised = data.task in BOTH

    def build(self, configuration=None, *, seed=0):
        torch.manual_seed(seed)
        configuration = self.space.default() if configuration is None else configuration
        return self.module_class(**self.data_arguments, **configuration)

    def without(self, **settings):
        """Return the default with those settings that the family has."""
        default = self.space.default()
        return {**default, **{k: v for k, v in settings.items() if k in default}}


ALL = [(name, data) for name, cases in CASES.items() for data in cases]
FITTED = [(name, data) for name, cases in CASES.items() for data in cases[: TRAINED[name]]]


def _id(case):
    return f"{case[0]}-{name_of(case[1])}"


@pytest.fixture(params=ALL, ids=_id)
def family(request):
    return Family(*request.param)


@pytest.fixture(params=FITTED, ids=_id)
def trained_family(request):
    return Family(*request.param)


def trainer(**settings):
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    return pl.Trainer(accelerator="cpu", **quiet, **settings)


def fitted(module, batch, *, batch_size=10, max_steps=-1):
    """Return the module's trainer after an epoch, whose last batch is smaller, or `max_steps`."""
    done = trainer(max_epochs=1, max_steps=max_steps)
    training = TensorLoader(*batch, batch_size=batch_size)
    done.fit(module, training, TensorLoader(*batch, batch_size=16))
    return done


def corners(space):
    """Yield the default with each parameter in turn at each of its choices, or both ends.

    Those that are alike, as the edges of a cell, take turns together, each at another choice.
    """
    alike = {}
    for parameter in space.parameters:
        values = _ends(parameter.domain)
        is_one_of_many = parameter.key.startswith("edge_")
        group = (values, parameter.when) if is_one_of_many else parameter.label
        alike.setdefault(group, []).append((parameter, values))
    for members in alike.values():
        activating = _activating(space, members[0][0])
        for turn in range(len(members[0][1])):
            own = {p.label: v[(turn + i) % len(v)] for i, (p, v) in enumerate(members)}
            yield _filled(space, wanted={**activating, **own})
    for u in (0.0, 1.0):
        yield _at(space, u)


def cover(space):
    """Yield configurations with each of those values at least once, as many as go together in each.

    Where `corners` changes one parameter at a time, here all are away from their defaults.
    """
    left = {}
    for turn, parameter in enumerate(space.parameters):
        values = _ends(parameter.domain)
        left[parameter.label] = [values[(turn + i) % len(values)] for i in range(len(values))]
    while any(left.values()):
        wanted = _activating(space, next(p for p in space.parameters if left[p.label]))
        configuration = {}
        for parameter in space.parameters:
            if parameter.is_active(configuration):
                values = left[parameter.label]
                value = values[0] if values else parameter.domain.default_value()
                value = wanted.get(parameter.label, value)
                configuration[parameter.key] = value
                left[parameter.label] = [other for other in values if other != value]
        yield configuration


def _ends(domain):
    """Return the ends of a number, all values of a choice, and some graphs."""
    if domain.has_places:
        return tuple(domain.grid(2))
    rng = np.random.default_rng(0)
    return (domain.default_value(), domain.founder(rng), *(domain.sample(rng) for _ in range(4)))


def _at(space, u):
    """Return the configuration with every number at one end."""
    configuration = {}
    for parameter in space.parameters:
        if parameter.is_active(configuration):
            domain = parameter.domain
            value = domain.from_unit(u) if domain.has_places else domain.default_value()
            configuration[parameter.key] = value
    return configuration


def _filled(space, *, wanted):
    """Return the default configuration but for the values wanted, by label."""
    configuration = {}
    for parameter in space.parameters:
        if parameter.is_active(configuration):
            default = parameter.domain.default_value()
            configuration[parameter.key] = wanted.get(parameter.label, default)
    return configuration


def _activating(space, parameter):
    """Return values of the parents, by label, with which the parameter is active."""
    wanted = {}
    for key, values in parameter.when:
        (parent,) = space[key]
        wanted |= {**_activating(space, parent), parent.label: values[0]}
    return wanted


def test_every_family_is_tested():
    assert set(CASES) == set(TRAINED) == set(FAMILIES)


def test_spaces_need_no_torch():
    code = (
        "import importlib, json, sys, raysearch.models.metrics\n"
        "from raysearch.data_spec import DataSpec\n"
        "for module, told in json.loads(sys.argv[1]):\n"
        "    s, data = importlib.import_module(module), DataSpec.from_json(told)\n"
        "    s.search_space(data), s.legal_domains(data), s.data_arguments(data)\n"
        "    heavy = ('torch', 'pytorch_lightning', 'torchmetrics', 'ray', 'sklearn', 'pandas')\n"
        "    print([module, *(name for name in heavy if name in sys.modules)])"
    )
    cases = [(f"{FAMILIES[name]}.space", data.to_json()) for name, data in FITTED]
    words = [sys.executable, "-c", code, json.dumps(cases)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str([module]) for module, _ in cases]


@pytest.mark.parametrize("name", FAMILIES)
def test_weights_decay_and_what_is_added_or_scales_does_not(name):
    family = Family(name, CASES[name][0])
    left = set()
    for configuration in corners(family.space):
        network = family.build(configuration).network
        groups = parameter_groups(network, weight_decay=0.3)
        decays = {p: group["weight_decay"] > 0 for group in groups for p in group["params"]}
        for key, parameter in network.named_parameters():
            own = key.rpartition(".")[2]
            assert decays[parameter] == (parameter.ndim >= 2 and own.startswith("weight")), key
            left |= {own} if parameter.ndim >= 2 and not decays[parameter] else set()
    assert left == NOT_DECAYING.get(name, set())


def test_default_lies_in_the_space_and_is_the_constructors(family):
    default = family.space.default()
    family.space.validate(default)
    assert all(family.legal[key].contains(value) for key, value in default.items())
    constructor = inspect.signature(family.module_class).parameters
    stated = {key: constructor[key].default for key in default if key not in DEPEND_ON_DATA}
    assert stated == {key: default[key] for key in stated}


def test_legal_domains_are_the_constructors_arguments(family):
    constructor = inspect.signature(family.module_class).parameters
    assert set(constructor) >= set(family.legal) | set(family.data_arguments)
    assert set(constructor) - set(family.legal) <= OF_DATA
    assert not set(family.legal) & OF_DATA
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in constructor.values())


def test_space_lies_within_the_legal_domains(family):
    assert set(family.space.keys) <= set(family.legal)
    for parameter in family.space.parameters:
        assert family.legal[parameter.key].covers(parameter.domain), parameter.label


def test_builds_and_computes_at_the_corners_of_its_space(family):
    batch = batch_for(family.data, 2)
    seen = set()
    is_first = family.data == CASES[family.name][0]
    for configuration in corners(family.space) if is_first else cover(family.space):
        family.space.validate(configuration)
        module = family.build(configuration)
        assert module.training_loss(batch).isfinite()
        seen |= {parameter.label for parameter in family.space.active(configuration)}
    assert seen == {parameter.label for parameter in family.space.parameters}


@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("n", [1, 5])
def test_outputs_have_one_row_per_example(family, n, is_training):
    if not family.is_supervised:
        pytest.skip("what its outputs are is the family's own")
    module = family.build().train(is_training)
    *inputs, _ = batch_for(family.data, n)
    outputs = module(*inputs)
    assert outputs.shape == (n, family.data.n_outputs)
    assert outputs.dtype == torch.float32
    assert outputs.isfinite().all()


@pytest.mark.parametrize("n", [1, 5])
def test_a_batch_of_any_size_has_a_loss(family, n):
    loss = family.build().training_loss(batch_for(family.data, n))
    assert (loss.shape, loss.dtype, bool(loss.isfinite())) == ((), torch.float32, True)


def test_padding_never_changes_a_result(family):
    if not family.data.has_lengths or not family.is_supervised:
        pytest.skip("examples of this data have one length")
    module = family.build().eval()
    inputs, lengths, _ = batch_for(family.data, 6)
    together = module(inputs, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = module(inputs[row : row + 1, ..., :length], lengths[row : row + 1])
        torch.testing.assert_close(alone[0], together[row], rtol=1e-4, atol=1e-5)


def test_one_optimiser_step_lowers_the_loss_on_a_batch(trained_family):
    module = trained_family.build(trained_family.without(dropout=0.0))
    batch = batch_for(trained_family.data)
    before = loss_of(module, batch).item()
    done = fitted(module, batch, batch_size=N_EXAMPLES, max_steps=1)
    assert done.global_step == 1
    assert loss_of(module.train(), batch).item() < before


def test_loads_from_nothing_but_its_checkpoint(trained_family, tmp_path):
    module = trained_family.build()
    path = tmp_path / "trial.ckpt"
    batch = batch_for(trained_family.data)
    fitted(module, batch).save_checkpoint(path)
    stored = torch.load(path, weights_only=True)["hyper_parameters"]
    assert json.loads(json.dumps(stored)) == stored
    assert set(stored) == set(inspect.signature(trained_family.module_class).parameters)
    loaded = trained_family.module_class.load_from_checkpoint(path).eval()
    losses = [loss_of(each.eval(), batch) for each in (loaded, module)]
    assert torch.equal(*losses)


def loss_of(module, batch):
    torch.manual_seed(7)
    return module.training_loss(batch)


def test_same_seed_gives_the_same_weights(trained_family):
    first, second, other = (trained_family.build(seed=seed) for seed in (3, 3, 4))
    assert all(map(torch.equal, first.parameters(), second.parameters()))
    is_drawn = trained_family.name not in DRAWS_NO_WEIGHTS
    assert all(map(torch.equal, first.parameters(), other.parameters())) != is_drawn
    for module in (first, second):
        torch.manual_seed(5)
        fitted(module, batch_for(trained_family.data))
    assert all(map(torch.equal, first.state_dict().values(), second.state_dict().values()))


class LossOf(nn.Module):
    """The training loss as a module's forward, as `torch.func.functional_call` wants it."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, batch):
        return self.module.training_loss(batch)


def test_training_loss_is_a_pure_function(trained_family):
    module = trained_family.build(trained_family.without(dropout=0.3))
    own = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    loss_of, batch = LossOf(module), batch_for(trained_family.data)
    parameters = {name: tensor.detach() for name, tensor in loss_of.named_parameters()}

    def loss(parameters, *, seed):
        buffers = {name: tensor.clone() for name, tensor in loss_of.named_buffers()}
        torch.manual_seed(seed)
        return torch.func.functional_call(loss_of, (parameters, buffers), (batch,))

    assert torch.equal(loss(parameters, seed=1), loss(parameters, seed=1))
    is_random = "dropout" in trained_family.space.default() or not trained_family.is_supervised
    assert torch.equal(loss(parameters, seed=1), loss(parameters, seed=2)) != is_random
    assert all(torch.equal(tensor, own[name]) for name, tensor in module.state_dict().items())


def test_gradients_of_the_pure_loss_are_those_of_backward(trained_family):
    module = trained_family.build(trained_family.without(dropout=0.3))
    loss_of, batch = LossOf(module), batch_for(trained_family.data)
    parameters = {name: tensor.detach() for name, tensor in loss_of.named_parameters()}
    buffers = {name: tensor.clone() for name, tensor in loss_of.named_buffers()}

    def loss(parameters, buffers):
        return torch.func.functional_call(loss_of, (parameters, buffers), (batch,))

    torch.manual_seed(1)
    gradients = torch.func.grad(loss)(parameters, buffers)
    torch.manual_seed(1)
    module.training_loss(batch).backward()
    for name, parameter in loss_of.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad)


def test_logs_exactly_what_is_listed(trained_family):
    module = trained_family.build()
    metrics = trained_family.metrics
    batch = batch_for(trained_family.data)
    done = fitted(module, batch)
    values = {name: value.item() for name, value in done.callback_metrics.items()}
    assert set(values) == {"train/loss"} | {f"val/{name}" for name in metrics}
    assert all(map(math.isfinite, values.values()))
    (tested,) = done.test(module, TensorLoader(*batch, batch_size=16), verbose=False)
    assert set(tested) == {f"test/{name}" for name in metrics}


def test_diverging_gives_no_warning_and_values_that_are_not_finite(trained_family):
    module = trained_family.build()
    batch = batch_for(trained_family.data)
    if trained_family.data.form == "numbers":
        batch[0][:, 0] = math.nan
    else:
        next(module.parameters()).data.fill_(math.nan)
    done = fitted(module, batch)
    assert math.isnan(done.callback_metrics["train/loss"])
    assert math.isnan(done.callback_metrics["val/loss"])


def test_illegal_arguments_are_refused_together(family):
    wrong = {"dropout": 1.5, "learning_rate": 0, "optimizer": "adamv", "width": 0}
    wrong = {name: value for name, value in wrong.items() if name in family.legal}
    assert len(wrong) >= 2
    with pytest.raises(ConfigurationError) as error:
        family.build({**family.space.default(), **wrong})
    assert len(error.value.faults) == len(wrong)
    for (name, value), fault in zip(sorted(wrong.items()), sorted(error.value.faults), strict=True):
        assert f"{name}: {value}" in fault


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_outputs": 0}, "n_outputs is 0. It must be an integer of at least"),
        (
            {"task": "clustering"},
            "clustering is not a task",
        ),
        ({"input_shape": 8}, "input_shape is 8. It must be the shape of one example"),
        ({"input_shape": []}, "input_shape is"),
    ],
)
def test_impossible_data_is_refused(trained_family, wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        trained_family.module_class(**{**trained_family.data_arguments, **wrong})


@pytest.mark.parametrize(
    ("name", "data"),
    [(name, data) for name, cases in REFUSED.items() for data in cases],
    ids=lambda value: value if isinstance(value, str) else name_of(value),
)
def test_data_that_a_family_cannot_learn_from_are_refused(name, data):
    with pytest.raises(ConfigurationError, match=f"^{name} "):
        Family(name, data)
    assert name not in families_for(data)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"class_counts": [1, 2]}, "class_counts is .1, 2.. Give a number for each of 4 classes"),
        ({"class_counts": 7}, "7 is not a list of counts"),
        ({"class_weighting": 0.5}, "class_weighting: 0.5 .*0.0"),
        ({"target_scale": 0.0}, "target_scale is 0.0. It must be a number of at least"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(wrong, message):
    family = Family("mlp", spec("classification", 6))
    with pytest.raises(ConfigurationError, match=message):
        family.module_class(**{**family.data_arguments, **wrong})
