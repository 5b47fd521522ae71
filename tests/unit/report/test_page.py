"""Is the page whole: does it need nothing else, and hold what it should in little room?"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from raysearch.errors import ConfigurationError
from raysearch.report import page as module
from raysearch.report import write_report
from raysearch.report.as_plotly import to_plotly
from raysearch.report.sections import sections
from raysearch.results import Results
from tests.many import many
from tests.recorded import Recorded

MEGABYTE = 1_000_000


class Outline(HTMLParser):
    """What a page consists of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.figures, self.links, self.ids = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.figures += [found["data-figure"]] if "data-figure" in found else []
        self.links += [v for k, v in attrs if k in ("src", "href")]
        self.ids += [found["id"]] if "id" in found else []


@pytest.fixture(scope="module")
def written(tmp_path_factory, forty):
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report([Results.read(forty.path)], path, with_models=False)
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def outline(written):
    return Outline(written)


def data_of(text):
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', text, re.S)
    return json.loads(found[1].replace("<\\/", "</"))


def script_of(page):
    """Return Plotly's own script, which is the largest of the page."""
    return max(re.findall(r"<script>(.*?)</script>", page, re.S), key=len)


def test_nothing_is_loaded_from_anywhere(written, outline):
    assert all(link.startswith(("#", "data:")) for link in outline.links)
    own = written.replace(script_of(written), "")
    assert "http" not in own
    assert "plotly" in written


def test_every_figure_has_its_place_and_its_data(written, outline):
    data = data_of(written)
    assert outline.figures == [str(n) for n in range(len(data["figures"]))]
    assert len(outline.figures) >= 8
    assert len(set(outline.ids)) == len(outline.ids)
    assert {link[1:] for link in outline.links if link.startswith("#")} <= set(outline.ids)


def test_every_point_names_its_trials(written):
    data = data_of(written)
    n_trials = len(data["trials"])
    assert n_trials == 40
    assert sorted(data["order"]) == list(range(40))
    for figure in data["figures"]:
        for trace in figure["data"]:
            if trace["meta"]["filter"] is None:
                continue
            owners = trace["customdata"]
            flat = [o for entry in owners for o in (entry if isinstance(entry, list) else [entry])]
            assert all(0 <= owner < n_trials for owner in flat)
            if trace["meta"]["filter"] == "points":
                assert len(owners) == len(trace["x"]) == len(trace["y"])


def test_text_of_users_cannot_end_the_script(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(0.5)
    search.fail(0.4, error="ValueError: </script><b>bad</b>")
    search.finish()
    path = tmp_path / "report.html"
    write_report([Results.read(search.run_dir.path)], path, with_models=False)
    text = path.read_text("utf-8")
    assert data_of(text)["trials"][1]["why"] == "ValueError: </script><b>bad</b>"
    assert "<b>bad" not in Outline(text).tags
    assert text.count("</script>") == 3


def test_two_thousand_trials_stay_small(tmp_path):
    """Under 5 MB beside plotly itself."""
    run = many(tmp_path / "run", 2000)
    path = tmp_path / "report.html"
    report = write_report([Results.read(run.path)], path, with_models=False)
    assert report.size_bytes == path.stat().st_size
    assert report.size_bytes - len(module.plotly_script().encode()) < 4 * MEGABYTE
    figures = data_of(path.read_text("utf-8"))["figures"]
    kinds = {trace["type"] for figure in figures for trace in figure["data"]}
    assert "scattergl" in kinds  # so many points are drawn by WebGL


def test_several_runs_are_side_by_side(tmp_path, forty):
    other = many(tmp_path / "other", 25, searcher="annealing")
    path = tmp_path / "report.html"
    write_report([Results.read(r.path) for r in (forty, other)], path, with_models=False)
    data = data_of(path.read_text("utf-8"))
    assert data["runs"] == ["forty-1", "other"]
    assert [sum(t["run"] == n for t in data["trials"]) for n in (0, 1)] == [40, 25]
    text = path.read_text("utf-8")
    for key in ("curves-0", "curves-1", "timeline-0", "timeline-1", "incumbent"):
        assert f'<figure id="{key}">' in text


def test_every_drawing_becomes_plain_values(run):
    for section in sections([run], with_models=False):
        for drawing in section.drawings:
            found = to_plotly(drawing)
            json.dumps(found, allow_nan=False)
            assert found["data"] and found["height"] > 100


def test_without_plotly_it_is_said_how_to_get_it(tmp_path, forty, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    path = tmp_path / "report.html"
    with pytest.raises(ConfigurationError, match=r"pip install 'raysearch\[report\]'"):
        write_report([Results.read(forty.path)], path, with_models=False)
    assert not path.exists()
