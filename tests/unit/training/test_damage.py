"""Is a damaged checkpoint found before it is read?"""

from __future__ import annotations

import os

import pytest
import torch

from raysearch.training.checkpoints import damage, sound_start
from raysearch.training.fit import train
from tests.unit.training.plain_job import job_of


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "epoch-0009.ckpt"
    torch.save({"state_dict": {"weight": torch.randn(2000)}, "epoch": 9}, path)
    return path


def changed(path, *, at, to):
    data = bytearray(path.read_bytes())
    data[at : at + len(to)] = to
    path.write_bytes(data)


def test_a_whole_one_has_no_fault(checkpoint):
    assert damage(checkpoint, size_bytes=checkpoint.stat().st_size, is_zip=True) is None
    assert damage(checkpoint, size_bytes=None) is None


def test_changed_weights_are_found_although_torch_reads_them(checkpoint):
    size = checkpoint.stat().st_size
    changed(checkpoint, at=size // 2, to=b"\x00\x01\x02\x03")
    torch.load(checkpoint, weights_only=True)
    found = damage(checkpoint, size_bytes=size)
    assert found == "epoch-0009.ckpt is damaged: epoch-0009/data/0 has changed"


def test_one_that_is_cut_short_is_found_by_its_size_and_without(checkpoint):
    size = checkpoint.stat().st_size
    os.truncate(checkpoint, 5000)
    instead = f"epoch-0009.ckpt is 5,000 bytes instead of {size:,}"
    assert damage(checkpoint, size_bytes=size) == instead
    found = damage(checkpoint, size_bytes=None)
    assert found == "epoch-0009.ckpt is damaged: File is not a zip file"


def test_an_empty_and_a_missing_one_are_told_apart(checkpoint):
    os.truncate(checkpoint, 0)
    assert damage(checkpoint, size_bytes=9) == "epoch-0009.ckpt is 0 bytes"
    assert damage(checkpoint, size_bytes=None) == "epoch-0009.ckpt is 0 bytes"
    checkpoint.unlink()
    assert damage(checkpoint, size_bytes=9) == "epoch-0009.ckpt is missing"


def test_zeros_as_a_power_cut_leaves_them_are_damage_where_torch_wrote(checkpoint):
    size = checkpoint.stat().st_size
    checkpoint.write_bytes(bytes(size))
    assert "is damaged" in damage(checkpoint, size_bytes=size, is_zip=True)
    assert damage(checkpoint, size_bytes=size) is None  # a user's own format


@pytest.mark.parametrize("seed", range(20))
def test_whatever_bit_of_the_weights_is_changed_it_is_found(checkpoint, seed):
    data = checkpoint.read_bytes()
    weights = torch.load(checkpoint, weights_only=True)["state_dict"]["weight"]
    n_bytes = weights.numel() * weights.element_size()
    position = data.index(weights.numpy().tobytes()) + seed * (n_bytes - 1) // 19
    changed(checkpoint, at=position, to=bytes([data[position] ^ (1 << seed % 8)]))
    found = damage(checkpoint, size_bytes=len(data), is_zip=True)
    assert found == "epoch-0009.ckpt is damaged: epoch-0009/data/0 has changed"


def test_a_job_goes_back_to_the_start_when_nothing_is_whole(tmp_path):
    job = job_of(tmp_path / "0003", model="tests.nets:Net", data="tests.nets:Data")
    missing = str(tmp_path / "0003" / "epoch-0001.ckpt")
    from_missing = job_of(
        tmp_path / "0003",
        model="tests.nets:Net",
        data="tests.nets:Data",
        resume_from=missing,
        epochs_before=1,
        best_before=0.5,
        otherwise=job,
    )
    assert sound_start(from_missing) == (job, {missing: "epoch-0001.ckpt is missing"})
    assert sound_start(job) == (job, {})


def test_what_lightning_writes_is_known_to_be_whole(tmp_path):
    job = job_of(tmp_path / "0003", model="tests.nets:Net", data="tests.nets:Data")
    written = []
    train(job, report=lambda report: written.append(report.checkpoint) or True)
    kept = [c for c in written if c is not None]
    assert kept
    for one in kept:
        path = tmp_path / "0003" / one.path
        assert damage(path, size_bytes=one.size_bytes, is_zip=True) is None
