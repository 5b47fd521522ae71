"""The report of a search with 2,000 trials, in a real browser: is it quick, whole, and of use?"""

from __future__ import annotations

import shutil
import time

import pytest
from playwright.sync_api import sync_playwright

from raysearch.report import write_report
from raysearch.results import Results
from tests.many import many

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)

N_TRIALS = 2000
N_FAILED = N_TRIALS // 20
OPENS_IN_S = 3.0
"""Of the page's own thread. Two are the aim on an idle machine; 1.5 were measured where others
shared its cores and caches."""
PATIENCE_MS = 90_000

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
    pytest.mark.timeout(300),  # a browser that draws 2,000 trials, on a machine that may be busy
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    results = Results.read(many(folder / "run", N_TRIALS).path)
    return write_report([results], folder / "report.html", with_models=False).page


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


class Opened:
    """The report in a window, with what the browser complained of and asked for."""

    def __init__(self, browser, path):
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.page.set_default_timeout(PATIENCE_MS)
        self.complaints, self.requests = [], []
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self._session = self.page.context.new_cdp_session(self.page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        begun_s = time.monotonic()
        self.page.goto(path.as_uri(), timeout=PATIENCE_MS)
        self.page.wait_for_selector("#incumbent .main-svg")
        self.drawn_s = time.monotonic() - begun_s
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        self.busy_s = next(m["value"] for m in metrics if m["name"] == "TaskDuration")
        self.page.evaluate("raysearchReport.drawAll()")

    def _told(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def count(self, text):
        """Wait until so many trials are said to be shown."""
        told = "text => document.getElementById('count').textContent === text"
        self.page.wait_for_function(told, arg=text)

    def shown(self, key):
        """Return the trials in a figure, by their numbers."""
        found = self.page.evaluate(
            "key => document.querySelector(`#${key} [data-figure]`).data"
            ".flatMap(trace => (trace.customdata || []).flat())",
            key,
        )
        return set(found)

    def click(self, selector):
        """Click into the middle of what a figure has drawn, as a person does."""
        place = self.page.locator(selector).first
        place.scroll_into_view_if_needed()
        box = place.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x - 2, y)
        self.page.mouse.move(x, y)
        self.page.wait_for_selector(".hoverlayer .hovertext")
        self.page.mouse.click(x, y)


@pytest.fixture(scope="module")
def opened(browser, report):
    return Opened(browser, report)


@pytest.fixture
def fresh(opened):
    opened.page.evaluate("raysearchReport.reset()")
    opened.count(f"all {N_TRIALS} trials")
    return opened


def test_it_opens_at_once_and_without_a_complaint(opened, report, record_property):
    told = {
        "seconds until the first figure": round(opened.drawn_s, 2),
        "of them the page's own thread": round(opened.busy_s, 2),
        "MB": round(report.stat().st_size / 1e6, 2),
    }
    for name, value in told.items():
        record_property(name, value)
    print(f"\n{N_TRIALS} trials: {told}")  # noqa: T201  to be seen with -s
    assert opened.busy_s < OPENS_IN_S
    assert opened.complaints == []
    assert {url.partition(":")[0] for url in opened.requests} <= {"file", "data", "blob"}


def test_every_figure_is_drawn(opened):
    n_figures = opened.page.locator("[data-figure]").count()
    assert n_figures >= 8
    opened.page.wait_for_function(
        "[...document.querySelectorAll('[data-figure]')]"
        ".every(element => element.querySelector('.main-svg'))"
    )
    points = opened.page.locator("#timeline-0 .bars .point").count()
    assert points == N_TRIALS


def test_a_click_on_a_cause_shows_the_trials_that_failed_so(fresh):
    fresh.click("#failures-0 .bars .point path")
    fresh.count(f"{N_FAILED} of {N_TRIALS} trials")
    failed = set(range(19, N_TRIALS, 20))
    assert fresh.shown("curves-0") == fresh.shown("timeline-0") == failed
    assert set(fresh.page.locator("#trial-rows td:nth-child(2)").all_inner_texts()) == {"failed"}
    assert fresh.page.locator("#filters .chip").inner_text().startswith("ValueError")
    fresh.page.locator("#filters .chip").click()
    fresh.count(f"all {N_TRIALS} trials")
    assert fresh.complaints == []


def test_a_click_on_a_trial_shows_it_alone(fresh):
    fresh.page.locator("#trial-rows tr").first.click()
    fresh.count(f"1 of {N_TRIALS} trials")
    (owner,) = fresh.shown("timeline-0")
    assert fresh.shown("curves-0") == {owner}
    fresh.page.locator("#reset").click()
    fresh.count(f"all {N_TRIALS} trials")
    assert fresh.complaints == []


def test_a_choice_of_status_and_a_click_are_taken_together(fresh):
    fresh.page.select_option("select[data-filter=status]", "failed")
    fresh.count(f"{N_FAILED} of {N_TRIALS} trials")
    fresh.page.evaluate("raysearchReport.setFilter('click', 'few', [19, 20, 39])")
    fresh.count(f"2 of {N_TRIALS} trials")
    assert fresh.shown("timeline-0") == {19, 39}
