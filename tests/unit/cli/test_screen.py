"""Tables that fit a terminal, and do not on anything else."""

from __future__ import annotations

import pytest

from raysearch.cli.screen import NARROWEST, layout

ROWS = [["key", "range", "why"], ["depth", "1 to 6, step 1 and more of it", "model = cnn or mlp"]]


def test_without_a_limit_nothing_is_broken():
    assert layout(ROWS, flexible=[1, 2]) == [
        "key    range                          why",
        "depth  1 to 6, step 1 and more of it  model = cnn or mlp",
    ]


@pytest.mark.parametrize("room", [40, 45, 55])
@pytest.mark.parametrize("cut", [False, True])
def test_lines_fit_the_room(room, cut):
    lines = layout(ROWS, flexible=[1, 2], room=room, cut=cut)
    assert max(len(line) for line in lines) <= room
    assert len(lines) == 2 if cut else len(lines) > 2
    assert lines[1].startswith("depth  1 to 6,")


def test_no_word_is_lost_where_lines_are_broken():
    lines = layout(ROWS, flexible=[1, 2], room=40)
    assert sorted(" ".join(lines).split()) == sorted(" ".join(map(" ".join, ROWS)).split())


def test_there_is_an_end_to_narrowness():
    lines = layout([["a" * 30 + " " + "b" * 30]], flexible=[0], room=5, cut=True)
    assert [len(line) for line in lines] == [NARROWEST]


def test_a_path_is_not_broken():
    path = "runs/digits-20261123-170912/winner/model.ckpt"
    assert layout([["model", path]], flexible=[1], room=30) == [f"model  {path}"]


def test_nothing_flexible_means_nothing_broken():
    assert layout([["open it", "x" * 50]], room=20) == ["open it  " + "x" * 50]


def test_no_rows_are_no_lines():
    assert layout([]) == []
