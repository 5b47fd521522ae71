"""Do ONNX files compute what the model does, also in eight bits, and are they what they say?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from raysearch.cli.main import main
from raysearch.compression.exporting import export_model
from raysearch.compression.latency import medians_ms
from raysearch.compression.onnx_file import Parity, compare, write_onnx
from raysearch.compression.quantising import quantise
from raysearch.compression.sparse import write_sparse
from raysearch.compression.stored import store_in_eight_bits
from raysearch.compression.tracing import trace
from raysearch.errors import Unsupported
from raysearch.training.run import evaluate
from raysearch.training.served import OnnxForward
from raysearch.training.trained import Call, open_trained, recorded_calls

pytestmark = [
    pytest.mark.timeout(240),  # torch's exporter takes seconds, and a busy machine ten times that
    pytest.mark.filterwarnings(
        "ignore"
    ),  # what torch, its exporter and Lightning say of each other
]


@pytest.fixture(scope="module")
def file(subject, calls, tmp_path_factory):
    """The model as an ONNX file."""
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    model = open_trained(subject.job, subject.checkpoint).model
    write_onnx(trace(model, calls), outputs=calls[0].outputs, path=path)
    return path


def test_the_file_computes_the_same_for_batches_of_any_size(file, calls):
    parity = compare(calls, path=file)
    assert parity.is_rounding
    assert parity.batch_sizes[0] == 1
    assert 0 < parity.largest_difference < 1e-4 < parity.largest_output
    forward = OnnxForward(file)
    assert forward(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_normalisations_are_folded_and_no_path_of_this_machine_is_left(file):
    model = onnx.load(file)
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert [given.name for given in model.graph.input] == ["x"]
    assert b"site-packages" not in file.read_bytes()
    assert b".py" not in file.read_bytes()


def test_a_file_is_measured_as_its_model_is(file, subject):
    served = evaluate(subject.job, checkpoint=str(file), split="validation")
    trained = evaluate(subject.job, checkpoint=str(subject.checkpoint), split="validation")
    assert served == pytest.approx(trained, abs=1e-5)
    assert "val/accuracy" in served


def test_eight_bits_are_smaller_and_nearly_the_same(file, subject, calls, tmp_path):
    path = tmp_path / "int8.onnx"
    parts = open_trained(subject.job, subject.checkpoint)
    of_training = recorded_calls(parts, job=subject.job, source="train", n_batches=4)
    left = quantise(file, to=path, way="static", names=["x"], calls=of_training)
    assert left == "1 Conv in floating point"  # the first, which reads a single channel
    assert path.stat().st_size < 0.7 * file.stat().st_size
    parity = compare(calls, path=path)
    assert 1e-4 < parity.largest_difference < 0.3 * parity.largest_output


def test_weights_that_are_stored_in_eight_bits_are_a_quarter(file, calls, tmp_path):
    path = tmp_path / "stored.onnx"
    left = store_in_eight_bits(file, to=path)
    n_left = re.fullmatch(r"(\d+) numbers in floating point", left)
    assert n_left is not None
    assert 100 < int(n_left[1]) < 300  # biases and what is not worth it; versions of torch differ
    assert path.stat().st_size < 0.5 * file.stat().st_size  # a small model, with much else in it
    kinds = Counter(tensor.data_type for tensor in onnx.load(path).graph.initializer)
    assert kinds[onnx.TensorProto.INT8] == 3
    parity = compare(calls, path=path)
    assert 1e-5 < parity.largest_difference < 0.1 * parity.largest_output


def test_a_model_without_weights_is_not_stored_otherwise(tmp_path):
    x = torch.randn(4, 8)
    path, to = tmp_path / "plain.onnx", tmp_path / "stored.onnx"
    write_onnx(trace(nn.Softmax(dim=1), [Call(inputs=(x,), outputs=x)]), outputs=x, path=path)
    with pytest.raises(Unsupported, match="no weights that are worth storing in eight bits"):
        store_in_eight_bits(path, to=to)
    assert not to.exists()


def test_what_cannot_be_computed_in_eight_bits_is_said(tmp_path):
    model = nn.Sequential(nn.Flatten(), nn.Softmax(dim=1))
    x = torch.randn(4, 1, 8, 8)
    call = Call(inputs=(x,), outputs=model(x))
    path, to = tmp_path / "plain.onnx", tmp_path / "int8.onnx"
    write_onnx(trace(model, [call]), outputs=call.outputs, path=path)
    with pytest.raises(Unsupported, match="no operator that is computed in eight bits"):
        quantise(path, to=to, way="dynamic", names=["input"], calls=[call])
    assert not to.exists()


def test_zeros_are_not_stored(tmp_path):
    layer = nn.Linear(64, 32)
    with torch.no_grad():
        layer.weight.mul_(torch.rand_like(layer.weight) < 0.1)
    x = torch.randn(4, 64)
    call = Call(inputs=(x,), outputs=layer(x).detach())
    path, to = tmp_path / "plain.onnx", tmp_path / "sparse.onnx"
    write_onnx(trace(layer, [call]), outputs=call.outputs, path=path)
    assert write_sparse(path, to=to) == ""
    assert to.stat().st_size < 0.6 * path.stat().st_size
    assert compare([call], path=to).is_rounding


def test_a_model_that_draws_differs_by_more_than_rounding():
    assert not Parity(
        largest_difference=0.5, largest_output=2.0, n_examples=1, batch_sizes=(1,)
    ).is_rounding


def test_functions_are_timed_in_turn():
    order = []
    found = medians_ms(
        {"one": lambda arrays: order.append(1), "two": lambda arrays: order.append(2)},
        arrays=[],
        runs=3,
    )
    assert order == [1, 2] * 6
    assert found.keys() == {"one", "two"}


def test_the_folder_predicts_alone(subject, tmp_path):
    exported = export_model(subject, folder=tmp_path / "model")
    assert not exported.left_out
    assert exported.parity is not None
    code = (
        "import runpy, sys; sys.argv = ['predict.py']; "
        "runpy.run_path('predict.py'); "
        "print(sorted({'torch', 'raysearch', 'pandas'} & sys.modules.keys()))"
    )
    process = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=exported.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    *classes, loaded = process.stdout.splitlines()
    expected = np.load(exported.folder / "example.npz")["expected_0"].argmax(1)
    assert classes == [str(digit) for digit in expected]
    assert loaded == "[]"
    card = (exported.folder / "README.md").read_text()
    for told in ("| `model.onnx` |", "batch x 1 x 8 x 8", "val/accuracy | 0.5 | 0.4", "seed 0"):
        assert told in card
    manifest = json.loads((exported.folder / "manifest.json").read_text())
    assert set(manifest["files"]) == {p.name for p in exported.folder.iterdir()} - {"manifest.json"}
    program = torch.export.load(exported.folder / "model.pt2").module()
    inputs = torch.from_numpy(np.load(exported.folder / "example.npz")["x"])
    assert torch.equal(program(inputs).argmax(1), torch.from_numpy(expected))


class Untraceable(nn.Module):
    def forward(self, x):
        return x if float(x.sum()) > 0 else -x


def test_a_model_that_cannot_be_traced_is_said(calls):
    with pytest.raises(Unsupported, match=r"torch\.export cannot trace Untraceable: "):
        trace(Untraceable(), [replace(calls[0], outputs=calls[0].inputs[0])])


@pytest.mark.parametrize("command", ["export", "compress", "collect", "test"])
def test_a_search_without_a_finished_trial_is_said(command, tmp_path, capsys):
    from tests.recorded import Recorded

    search = Recorded(tmp_path / "runs" / "small-1")
    search.begin()
    search.journal.close()
    words = [command, str(search.run_dir.path)]
    status = main([*words, str(tmp_path / "to")] if command == "collect" else words)
    assert status == (2 if command == "test" else 1)
    said = capsys.readouterr().err
    assert "has measured an epoch yet, so there is no winner so far" in said
    assert f"python -m raysearch resume {search.run_dir.path}" in said
    assert "raysearch refit" not in said  # which could not help
    assert not (tmp_path / "to").exists()
