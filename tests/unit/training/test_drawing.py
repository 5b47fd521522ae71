"""Which pictures does a model draw, and are they files that others can read?"""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import pytest
import torch

from raysearch.errors import TrialFailed, Unsupported
from raysearch.imports import provide
from raysearch.training.drawing import MOST, encoded, png
from raysearch.training.run import draw
from tests.nets import Data, Net, make_job


class Draws(Net):
    """Draws its first weight, and how many inputs it was given."""

    def pictures(self, inputs):
        weight = self.layers[0].weight[0, 0]
        return {
            "weight": weight.expand(1, 2, 3),
            "inputs": torch.full((3, 1, 1), len(inputs) / 255),
        }


class DrawsInTraining(Net):
    def pictures(self, inputs):
        return {"mode": torch.full((1, 1, 1), float(self.training or torch.is_grad_enabled()))}


class NoValidation(Data):
    val_dataloader = None


def job_of(model, tmp_path, *, data=Data):
    provide({"object:Model": model, "object:Data": data})
    job = make_job(tmp_path)
    return replace(job, model_class="object:Model", data_class="object:Data")


def checkpoint_of(model, tmp_path, *, weight=0.5, **more):
    net = model()
    net.layers[0].weight.data.fill_(weight)
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": net.state_dict(), **more}, path)
    return str(path)


def pixels(data):
    """Return what a PNG file shows, (H, W, C) of 0 to 255, read as the format says."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    parts, place = {}, 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, place + 8 + length)
        assert checksum == zlib.crc32(kind + body)
        parts[kind] = body
        place += 12 + length
    assert list(parts) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert (depth, rest) == (8, [0, 0, 0])
    channels = {0: 1, 2: 3}[colour]
    lines = torch.frombuffer(bytearray(zlib.decompress(parts[b"IDAT"])), dtype=torch.uint8)
    lines = lines.view(height, 1 + width * channels)
    assert not lines[:, 0].any()
    return lines[:, 1:].view(height, width, channels)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_a_file_with_a_byte_for_each_number(channels):
    image = torch.rand(channels, 5, 7)
    shown = pixels(png(image))
    assert torch.equal(shown, (image * 255).round().byte().permute(1, 2, 0))


def test_what_is_no_number_or_outside_is_shown_as_black_or_white():
    image = torch.tensor([[[torch.nan, -1.0, 2.0, torch.inf]]])
    assert pixels(png(image)).flatten().tolist() == [0, 0, 255, 255]


def test_a_model_draws_with_the_weights_of_the_checkpoint(tmp_path):
    job = job_of(Draws, tmp_path)
    pictures = draw(job, checkpoint=checkpoint_of(Draws, tmp_path, weight=0.2))
    assert set(pictures) == {"weight", "inputs"}
    assert pixels(pictures["weight"]).shape == (2, 3, 1)
    assert pixels(pictures["weight"]).unique().item() == 51
    assert pixels(pictures["inputs"]).flatten().tolist() == [16, 16, 16]  # a batch of validation


def test_it_draws_in_evaluation_mode_without_gradients(tmp_path):
    job = job_of(DrawsInTraining, tmp_path)
    pictures = draw(job, checkpoint=checkpoint_of(DrawsInTraining, tmp_path))
    assert pixels(pictures["mode"]).item() == 0


def test_a_model_without_the_method_is_not_even_read(tmp_path):
    assert draw(job_of(Net, tmp_path), checkpoint=str(tmp_path / "nothing.ckpt")) == {}
    function = replace(make_job(tmp_path), kind="function", model_class="nowhere:train")
    assert draw(function, checkpoint="") == {}


def test_data_without_validation_is_named(tmp_path):
    job = job_of(Draws, tmp_path, data=NoValidation)
    with pytest.raises(Unsupported, match="has no val_dataloader"):
        draw(job, checkpoint=checkpoint_of(Draws, tmp_path))


def test_a_checkpoint_with_anything_but_plain_values_is_not_read(tmp_path):
    path = checkpoint_of(Draws, tmp_path, more=struct.Struct)
    with pytest.raises(TrialFailed, match="and was not read"):
        draw(job_of(Draws, tmp_path), checkpoint=path)


@pytest.mark.parametrize(
    ("pictures", "named"),
    [
        ({"../out": torch.zeros(1, 2, 2)}, r"calls a picture '\.\./out'"),
        ({"": torch.zeros(1, 2, 2)}, "calls a picture ''"),
        ({7: torch.zeros(1, 2, 2)}, "calls a picture 7"),
        ({"flat": torch.zeros(2, 2)}, r"returns \(2, 2\) for flat. A picture is a tensor"),
        ({"two": torch.zeros(2, 2, 2)}, r"returns \(2, 2, 2\) for two"),
        ({"none": torch.zeros(1, 0, 2)}, r"returns \(1, 0, 2\) for none"),
        ({"list": [[0.0]]}, "returns list for list"),
        ({f"{n}": torch.zeros(1, 1, 1) for n in range(MOST + 1)}, f"returns {MOST + 1} pictures"),
    ],
)
def test_what_is_no_picture_is_refused(pictures, named):
    with pytest.raises(Unsupported, match=named):
        encoded(pictures)
