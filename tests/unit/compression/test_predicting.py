"""Does an export answer in the words of its data?"""

from __future__ import annotations

import json
import runpy
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from raysearch.compression.predicting import ANSWERS, PREDICT, predicting_files
from raysearch.data.meaning import Meaning, meaning_of

OUTPUTS = np.array([[0.5, 2.0], [3.0, -1.0], [0.0, 1.0]], dtype=np.float32)


@pytest.fixture
def predict(tmp_path, monkeypatch, capsys):
    """Write a model that returns what it is given, and return what its program prints of it."""
    shape = ["batch", OUTPUTS.shape[1]]
    given, out = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y")
    )
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", [given], [out])
    opset = helper.make_opsetid("", 17)
    onnx.save(
        helper.make_model(graph, opset_imports=[opset], ir_version=8), tmp_path / "model.onnx"
    )
    np.savez(tmp_path / "example.npz", x=OUTPUTS)

    def printed(meaning, *, classifies, arguments=()):
        files = predicting_files(meaning, shape=OUTPUTS.shape, classifies=classifies)
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        monkeypatch.setattr(sys, "argv", [PREDICT, *map(str, arguments)])
        runpy.run_path(str(tmp_path / PREDICT))
        return capsys.readouterr().out.splitlines()

    return printed


def test_a_classification_answers_with_names(predict, tmp_path):
    assert predict(Meaning(classes=("Käse", "Brot")), classifies=True) == ["Brot", "Käse", "Brot"]
    assert json.loads((tmp_path / ANSWERS).read_text()) == {"classes": ["Käse", "Brot"]}
    np.save(tmp_path / "mine.npy", OUTPUTS[1:2])
    assert predict(Meaning(classes=(0, 1)), classifies=True, arguments=[tmp_path / "mine.npy"]) == [
        "0"
    ]


def test_without_names_it_answers_with_places(predict, tmp_path):
    assert predict(None, classifies=True) == ["1", "0", "1"]
    assert predict(Meaning(classes=("a", "b", "c")), classifies=True) == ["1", "0", "1"]  # unfit
    assert not (tmp_path / ANSWERS).exists()


def test_a_regression_answers_in_its_own_unit(predict):
    one = predict(Meaning(means=(100.0,), stds=(10.0,)), classifies=False)
    assert one == ["[105. 120.]", "[130.  90.]", "[100. 110.]"]  # two steps of one channel
    two = predict(Meaning(means=(100.0, 0.0), stds=(10.0, 2.0)), classifies=False)
    assert two == ["[105.   4.]", "[130.  -2.]", "[100.   2.]"]  # one step of two


def test_what_is_not_known_is_printed_as_it_is(predict):
    assert predict(None, classifies=False) == str(OUTPUTS).splitlines()


def test_what_a_data_module_says_of_another_kind_is_left_alone():
    class Own:
        meaning = "of life"
        class_names = ("a", "b")

    assert meaning_of(Own()) == Meaning(classes=("a", "b"))
    Own.class_names = "ab"
    assert meaning_of(Own()) is None
