"""Are the winner's layers and graphs drawn as they are, and its mistakes counted?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from raysearch.report.winner import architecture, graphs, mistakes
from raysearch.training.inspecting import Inspected, Layer, Predictions
from raysearch.trial import Measurement


def layer(name, kind, n_parameters, *shape):
    return Layer(name=name, kind=kind, detail="", n_parameters=n_parameters, output_shape=shape)


SEEN = Inspected(
    layers=(
        layer("network.stem.0", "Conv2d", 144, 16, 8, 8),
        layer("network.stem.1", "ReLU", 0, 16, 8, 8),
        layer("network.head", "Linear", 650, 10),
    ),
    predictions=None,
)


def test_layers_are_rows_in_their_order_with_what_comes_out(run):
    figure = architecture(run, SEEN)
    (panel,) = figure.panels
    assert [name for _, name in panel.y.ticks] == ["stem.0", "stem.1", "head"]
    assert {s.name: (list(s.y), list(s.x), list(s.texts)) for s in panel.series} == {
        "Conv2d": ([0], [144], ["144, 16 x 8 x 8"]),
        "ReLU": ([1], [0], ["16 x 8 x 8"]),
        "Linear": ([2], [650], ["650, 10"]),
    }
    assert "3 layers" in figure.caption and "794 parameters" in figure.caption


def test_without_layers_nothing_is_drawn(run):
    assert architecture(run, replace(SEEN, layers=())) is None


def test_a_confusion_matrix_counts_each_pair(run):
    found = Predictions(task="classification", truth=(0, 0, 1, 1, 2), predicted=(0, 1, 1, 1, 0))
    figure = mistakes(run, found)
    (cells,) = figure.panels[0].series
    assert [list(row) for row in cells.matrix] == [[1, 1, None], [None, 2, None], [1, None, None]]
    assert "5 validation examples, 3 of them right (60.0%)" in figure.caption


def test_residuals_are_predicted_minus_true(run):
    found = Predictions(task="regression", truth=(1.0, 2.0, 3.0), predicted=(1.5, 2.0, 2.0))
    figure = mistakes(run, found)
    _, residuals = figure.panels[1].series
    assert list(residuals.y) == pytest.approx([0.5, 0.0, -1.0])
    assert "root mean square 0.6455" in figure.caption


def test_the_graph_that_training_has_learnt_is_drawn(run, monkeypatch):
    text = (
        '{"inputs":2,"outputs":1,"nodes":[[2,"identity",0.0],[99,"tanh",0.1]],'
        '"connections":[[0,2,0.5,0],[0,99,1.0,1],[1,99,1.0,1],[99,2,1.0,1]]}'
    )
    measured = Measurement(
        epoch=1, step=1, values={"val/accuracy": 0.5}, seconds=1.0, learnt={"graph": text}
    )
    winner = replace(run.winner, measurements=(measured,), configuration={"width": 8})
    monkeypatch.setitem(run.__dict__, "winner", winner)
    (figure,) = graphs(run)
    links, nodes = figure.panels[0].series
    assert len([x for x in links.x if x is None]) == 3  # those that are enabled
    assert dict(zip(nodes.texts, nodes.x, strict=True)) == {
        "input": 0.0,
        "identity": 2.0,
        "tanh": 1.0,
    }
    assert "2 inputs on the left, 1 output on the right, 1 nodes between" in figure.caption
