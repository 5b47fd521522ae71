"""Are the same figures drawn as PNG files, with what is in them?"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from raysearch.report import write_report
from raysearch.report.as_picture import to_png
from raysearch.report.figure import Figure, Panel, Series
from raysearch.report.sections import sections
from raysearch.results import Results


@pytest.mark.timeout(120)  # matplotlib sets up its fonts once, on a machine that may be busy
def test_there_is_a_picture_for_each_figure(tmp_path, forty, run):
    folder = tmp_path / "figures"
    report = write_report(
        [Results.read(forty.path)], tmp_path / "r.html", pictures=folder, with_models=False
    )
    drawings = [d for part in sections([run], with_models=False) for d in part.drawings]
    assert sorted(p.name for p in folder.iterdir()) == sorted(f"{d.key}.png" for d in drawings)
    assert {p.name for p in report.pictures} == {p.name for p in folder.iterdir()}
    for path in report.pictures:
        with Image.open(path) as picture:
            assert picture.width == 1320
            pixels = np.asarray(picture.convert("L"))
        assert pixels.std() > 5  # something is drawn


def test_what_is_drawn_has_its_colour(tmp_path):
    series = Series(kind="counts", y=[0], owners=[[0, 1, 2]], name="failed", color="#ff0000")
    figure = Figure(key="k", title="t", caption="", panels=(Panel(series=(series,)),))
    path = tmp_path / "f.png"
    path.write_bytes(to_png(figure))
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    red = (pixels == (255, 0, 0)).all(axis=1).mean()
    assert red > 0.2
