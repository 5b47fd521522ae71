"""A real TensorBoard answers for a search that is still running."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from raysearch.live.tensorboard import TensorBoardWriter
from raysearch.space import Choice, Float, Int, Space
from raysearch.trial import Objective

# starting TensorBoard takes 4 to 10 seconds, and one server serves all tests here
pytestmark = pytest.mark.timeout(90)

SPACE = Space(
    {
        "model": Choice({"cnn": Space({"width": Int(8, 64)}), "mlp": Space({"depth": Int(1, 4)})}),
        "lr": Float(0.001, 1.0, log=True),
    }
)

RUN = "digits-1/"
"""The run directory, whose name begins the names of rows."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and where a server that reads it listens."""
    folder = tmp_path_factory.mktemp("runs") / RUN / "tensorboard"
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
    command += ["--host", "127.0.0.1", "--port", "0", "--reload_interval", "1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        url = None
        for line in server.stderr:
            if found := re.search(r"at (http://127\.0\.0\.1:\d+/)", line):
                url = found[1]
                break
        assert url is not None
        drain = threading.Thread(target=server.stderr.read, daemon=True)
        drain.start()
        yield folder, url
        server.terminate()
        drain.join()


def ask(url: str, what: str, **request: Any) -> Any:
    body = json.dumps({"experimentName": "", **request}).encode()
    headers = {"Content-Type": "application/json"}
    question = urllib.request.Request(f"{url}data/plugin/hparams/{what}", body, headers)
    with urllib.request.urlopen(question, timeout=10) as answer:
        return json.loads(answer.read())


def groups(url: str, *, columns: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    statuses = [f"STATUS_{name}" for name in ("UNKNOWN", "SUCCESS", "FAILURE", "RUNNING")]
    answer = ask(
        url,
        "session_groups",
        allowedStatuses=statuses,
        colParams=columns or [],
        startIndex=0,
        sliceSize=100,
    )
    found = {group["name"]: group for group in answer.get("sessionGroups", [])}
    assert all(name.startswith(RUN) for name in found), "rows of two searches must not mix"
    return {name.removeprefix(RUN): group for name, group in found.items()}


def values(group: dict[str, Any]) -> dict[str, tuple[int, float]]:
    return {
        metric["name"]["tag"]: (metric["trainingStep"], round(float(metric["value"]), 5))
        for metric in group["metricValues"]
    }


def test_the_hparams_page(address: tuple[Path, str], new_story: Any, objective: Objective) -> None:
    folder, url = address
    story = new_story(TensorBoardWriter(folder, objective=objective, space=SPACE)).start()
    a = story.trial({"model": "cnn", "width": 8, "lr": 0.01})
    b = story.trial({"model": "mlp", "depth": 2, "lr": 0.1})
    c = story.trial({"model": "mlp", "depth": 3, "lr": 0.2})
    story.epoch(a, 0.5, 0.75, 0.25, more={"val/loss": 1.0})
    story.epoch(b, 0.625)
    story.epoch(c, None)
    story.end(a, "stopped")
    story.end(c, "failed", error="boom")

    deadline = time.monotonic() + 30
    while len(found := groups(url)) < 3 or "endTimeSecs" not in found[a]["sessions"][0]:
        assert time.monotonic() < deadline, found
        time.sleep(0.3)

    columns = {info["name"]: info for info in ask(url, "experiment")["hparamInfos"]}
    assert list(columns) == ["lr", "model", "depth", "width"]  # those of all trials first
    assert columns["model"]["domainDiscrete"] == ["cnn", "mlp"]
    assert columns["width"]["domainInterval"] == {"minValue": 8.0, "maxValue": 64.0}
    assert found[a]["hparams"] == {"model": "cnn", "width": 8.0, "lr": 0.01}
    assert values(found[a]) == {
        "best/val/accuracy": (3, 0.75),
        "val/accuracy": (3, 0.25),
        "val/loss": (3, 1.0),
    }
    assert found[a]["sessions"][0]["status"] == "STATUS_SUCCESS"
    assert values(found[b]) == {"best/val/accuracy": (1, 0.625), "val/accuracy": (1, 0.625)}
    assert found[b]["sessions"][0].get("status", "STATUS_UNKNOWN") == "STATUS_UNKNOWN"  # running
    assert found[c]["sessions"][0]["status"] == "STATUS_FAILURE"

    wide = {"hparam": "width", "filterInterval": {"minValue": 1, "maxValue": 9}}
    assert list(groups(url, columns=[{**wide, "excludeMissingValues": True}])) == [a]
    descending = {"metric": {"tag": "best/val/accuracy"}, "order": "ORDER_DESC"}
    assert list(groups(url, columns=[descending])) == [a, b, c]

    story.now += 100
    story.listeners[:] = [TensorBoardWriter(folder, objective=objective, space=SPACE)]
    story.resume()
    story.attempt(b)
    story.epoch(b, 0.5)
    while values(groups(url)[b])["val/accuracy"] != (2, 0.5):  # the server went on reading
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert values(groups(url)[b])["best/val/accuracy"] == (2, 0.625)
