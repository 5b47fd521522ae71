"""Does any module begin from a checkpoint, and is one that does not fit refused with what to do?"""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from raysearch.errors import ConfigurationError, TrialFailed
from raysearch.init_from import InitFrom, fingerprint
from raysearch.training.fit import train
from raysearch.training.old_weights import output_layers, parameters_of, take
from tests import nets
from tests.contracts.test_training import family_job
from tests.nets import Listener, make_job


def saved(path, model):
    torch.save({"state_dict": model.state_dict()}, path)
    return str(path)


def filled(width=8, value=0.5):
    net = nets.Net(width=width)
    for tensor in net.state_dict().values():
        tensor.fill_(value)
    return net


def begun(tmp_path, **settings):
    start = {"checkpoint": saved(tmp_path / "old.ckpt", filled()), **settings}
    return make_job(tmp_path / "trial", init_from=InitFrom(**start), checkpoint_every_epochs=1)


def state(tmp_path, epoch=1):
    path = tmp_path / "trial" / f"epoch-{epoch:04d}.ckpt"
    return torch.load(path, weights_only=True)["state_dict"]


def test_a_module_of_ones_own_takes_and_holds_what_it_is_made_of(tmp_path):
    train(begun(tmp_path, frozen_epochs=1, part="all"), report=Listener())
    found = state(tmp_path)
    still = [key for key, value in found.items() if torch.all(value == value.new_tensor(0.5))]
    assert still == [key for key in found if not key.startswith("layers.4")]
    second = state(tmp_path, epoch=2)  # a bias in front of a batch normalisation has no gradient
    assert not any(torch.all(second[key] == 0.5) for key in still if key != "layers.0.bias")


def test_its_part_may_be_named(tmp_path):
    job = begun(tmp_path, part="layers.0, layers.4")
    model = nets.Net()
    taken = take(model, job=job, start=job.init_from)
    assert taken.layers == ("layers.0", "layers.4")
    assert torch.all(model.layers[4].weight == 0.5)
    assert not torch.all(model.layers[1].weight == 0.5)


def test_a_part_that_is_none_is_told_with_those_that_are(tmp_path):
    job = begun(tmp_path, part="layers.0, head")
    with pytest.raises(ConfigurationError, match=r"names head, and Net has no layer.*has: layers"):
        take(nets.Net(), job=job, start=job.init_from)


def test_rounds_of_steps_count_as_epochs(tmp_path):
    job = begun(tmp_path, frozen_epochs=2)
    train(replace(job, max_epochs=4, max_steps=20, every_steps=5), report=Listener())
    before, after = state(tmp_path, epoch=2), state(tmp_path, epoch=3)
    assert torch.all(before["layers.0.weight"] == 0.5)
    assert torch.all(before["layers.1.running_mean"] == 0.5)
    assert not torch.all(after["layers.0.weight"] == 0.5)


def test_layers_of_another_shape_begin_anew_as_a_whole(tmp_path, caplog):
    job = begun(tmp_path)
    model = nets.Net()
    model.layers[4] = nn.Linear(8, 5)
    before = model.layers[4].bias.clone()
    taken = take(model, job=job, start=job.init_from)
    assert taken.left == ("layers.4 (weight is 5 x 8 here and 3 x 8 there)",)
    assert torch.equal(model.layers[4].bias, before)
    assert "2 of 3 layers are taken" in taken.describe("old.ckpt")


def test_what_begins_anew_is_told_in_the_log_of_the_trial(tmp_path, caplog):
    path = saved(tmp_path / "part.ckpt", filled())
    data = torch.load(path)
    data["state_dict"]["layers.4.bias"] = torch.zeros(7)
    torch.save(data, path)
    job = make_job(tmp_path / "trial", init_from=InitFrom(checkpoint=path), max_epochs=1)
    train(job, report=Listener())
    assert "layers.4 (bias is 3 here and 7 there)" in caplog.text


def test_where_nothing_fits_the_arguments_that_differ_are_named(tmp_path):
    old = make_job(tmp_path / "old", max_epochs=1)
    train(old, report=Listener())
    path = str(tmp_path / "old" / "epoch-0001.ckpt")
    job = make_job(tmp_path / "trial", model_arguments={"width": 5})
    job = replace(job, init_from=InitFrom(checkpoint=path))
    with pytest.raises(ConfigurationError, match=r"no layer.*fits.*width \(8 there, 5 here\)"):
        train(job, report=Listener())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "old.ckpt is missing"),
        (b"", "old.ckpt is 0 bytes"),
        (b"weights", "old.ckpt is damaged"),
    ],
)
def test_a_file_that_is_missing_or_damaged_is_refused(tmp_path, content, told):
    path = tmp_path / "old.ckpt"
    if content is not None:
        path.write_bytes(content)
    job = make_job(tmp_path / "trial", init_from=InitFrom(checkpoint=str(path)))
    with pytest.raises(ConfigurationError, match=f"{told}.*Give a checkpoint"):
        train(job, report=Listener())


def test_a_run_directory_is_told_with_its_winner(tmp_path):
    winner = tmp_path / "run" / "winner" / "model.ckpt"
    winner.parent.mkdir(parents=True)
    saved(winner, filled())
    start = InitFrom(checkpoint=str(tmp_path / "run"))
    with pytest.raises(ConfigurationError, match=r"is a folder. Its winner is .*winner/model.ckpt"):
        train(make_job(tmp_path / "trial", init_from=start), report=Listener())


def test_a_byte_that_changed_is_found(tmp_path):
    path = saved(tmp_path / "old.ckpt", filled())
    data = bytearray((tmp_path / "old.ckpt").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "old.ckpt").write_bytes(data)
    job = make_job(tmp_path / "trial", init_from=InitFrom(checkpoint=path))
    with pytest.raises(ConfigurationError, match="damaged"):
        train(job, report=Listener())


def test_another_file_than_the_search_began_with_is_not_read(tmp_path):
    path = saved(tmp_path / "old.ckpt", filled())
    start = InitFrom(checkpoint=path, sha256=fingerprint(path))
    job = make_job(tmp_path / "trial", init_from=start)
    assert take(nets.Net(), job=job, start=start).layers
    saved(tmp_path / "old.ckpt", filled(value=0.25))
    with pytest.raises(TrialFailed, match=r"not the file .* began .*Put that file back"):
        take(nets.Net(), job=job, start=start)


class Settings:
    """Something that only unpickling could read."""


def test_nothing_is_unpickled(tmp_path):
    path = tmp_path / "old.ckpt"
    torch.save({"state_dict": filled().state_dict(), "settings": Settings()}, path)
    job = make_job(tmp_path / "trial", init_from=InitFrom(checkpoint=str(path)))
    with pytest.raises(TrialFailed, match=r"test_init_from:Settings.*not read"):
        train(job, report=Listener())
    train(replace(job, allow=(f"{__name__}:Settings",), max_epochs=1), report=Listener())


def test_a_file_without_weights_is_refused(tmp_path):
    path = tmp_path / "old.ckpt"
    torch.save({"epoch": 3}, path)
    job = make_job(tmp_path / "trial", init_from=InitFrom(checkpoint=str(path)))
    with pytest.raises(ConfigurationError, match="holds no weights but epoch"):
        train(job, report=Listener())


def test_a_state_dict_alone_will_do(tmp_path):
    path = tmp_path / "old.ckpt"
    torch.save(filled().state_dict(), path)
    job = make_job(tmp_path / "trial")
    taken = take(nets.Net(), job=job, start=InitFrom(checkpoint=str(path)))
    assert len(taken.layers) == 3


def test_a_checkpoint_of_another_family_is_refused(tmp_path):
    job = family_job(tmp_path / "old", family="mlp", data="digits")
    train(replace(job, max_epochs=1), report=Listener())
    path = str(tmp_path / "old" / "epoch-0001.ckpt")
    other = family_job(tmp_path / "new", family="cnn", data="digits")
    with pytest.raises(ConfigurationError, match=r"checkpoint of .*MLP, and the model is .*CNN"):
        train(replace(other, init_from=InitFrom(checkpoint=path)), report=Listener())


def test_a_rate_is_for_families_whose_optimiser_is_known(tmp_path):
    with pytest.raises(ConfigurationError, match=r"rate is 0\.1, and Net makes its opt"):
        train(begun(tmp_path, rate=0.1), report=Listener())


class Shares(pl.LightningModule):
    """Whose output is its embedding, turned round, and which has a tensor of its own."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.embedding = nn.Embedding(5, 3)
        self.middle = nn.Linear(3, 3)
        self.head = nn.Linear(3, 5)
        self.head.weight = self.embedding.weight


def test_what_the_output_layer_shares_is_never_frozen():
    model = Shares()
    assert output_layers(model) == {"head"}
    held = parameters_of(model, {"", "embedding", "middle"})
    expected = [model.scale, model.middle.weight, model.middle.bias]
    assert [id(parameter) for parameter in held] == [id(parameter) for parameter in expected]


@pytest.mark.parametrize(
    ("declared", "output"),
    [
        (("embedding",), {"embedding"}),
        (["middle", "embedding"], {"middle", "embedding"}),
        (("gone",), {"head"}),
        (nn.ModuleList([nn.Linear(1, 1)]), {"output_layers.0"}),
    ],
)
def test_a_model_may_declare_what_makes_its_outputs(declared, output):
    model = Shares()
    model.output_layers = declared
    assert output_layers(model) == output


class Scaled(nn.Module):
    """Holds a number that it does not learn beside a layer that it does."""

    def __init__(self, width):
        super().__init__()
        self.register_buffer("scale", torch.ones(()))
        self.linear = nn.Linear(width, 1)


def test_a_buffer_alone_is_no_layer_that_fits(tmp_path):
    start = InitFrom(checkpoint=saved(tmp_path / "old.ckpt", Scaled(3)), part="all")
    job = make_job(tmp_path / "trial")
    assert take(Scaled(3), job=job, start=start).layers == ("", "linear")
    with pytest.raises(ConfigurationError, match=r"no layer.*fits: linear \(weight is 1 x 4 here"):
        take(Scaled(4), job=job, start=start)
