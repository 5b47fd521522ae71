"""Several processes that train together: who is asked what, and what ends all of them?"""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from raysearch.forking import NoTemplate, ProcessGone
from raysearch.training.repeating import Part
from raysearch.tuning.processes import Group
from tests.unit.training.plain_job import job_of

JOB = job_of("run", model="nets:Net", data="nets:Clouds")


class Fake:
    """A process that remembers what it was asked, and does what it is told to do then."""

    def __init__(self, does=None):
        self.asked = []
        self.is_closed = False
        self._does = does
        self._closing = threading.Event()

    def call(self, method, *arguments, **keywords):
        self.asked.append((method, arguments, keywords))
        if method == "await_ranks":
            return f"{arguments[0]}:4711"
        if isinstance(self._does, BaseException):
            raise self._does
        if self._does == "wait":
            self._closing.wait(20)
            raise ProcessGone("it was closed")
        return self._does

    def close(self):
        self.is_closed = True
        self._closing.set()


def group_of(*processes, end=lambda: None):
    def several(first):
        assert first is processes[0]
        return processes, end

    return Group(processes[0], several=several, host="127.0.0.1")


def test_all_train_with_ranks_of_their_own_and_the_first_does_everything_else():
    processes = [Fake("model"), Fake(), Fake()]
    group, job = group_of(*processes), JOB
    assert group.call("evaluate", job, checkpoint="x") == "model"
    assert [len(p.asked) for p in processes] == [1, 0, 0]
    assert group.call("refit", job, epochs=3) == "model"
    last = [p.asked[-1] for p in processes]
    assert [(method, keywords) for method, _, keywords in last] == 3 * [("refit", {"epochs": 3})]
    ranks = [arguments[0].rank for _, arguments, _ in last]
    assert [(r.number, r.of, r.meeting) for r in ranks] == [
        (n, 3, "127.0.0.1:4711") for n in range(3)
    ]


@pytest.mark.parametrize(
    "strategy",
    ["fsdp", "fsdp_cpu_offload", {"class": "FSDPStrategy", "args": {}}, "deepspeed_stage_3"],
)
def test_what_no_process_holds_alone_is_tested_by_all(strategy):
    job = replace(JOB, trainer_arguments={"strategy": strategy})
    processes = [Fake("metrics"), Fake()]
    group = group_of(*processes)
    assert group.call("examine", job, checkpoint="x", split="test") == "metrics"
    for number, process in enumerate(processes):
        method, (given,), keywords = process.asked[-1]
        assert (method, given.rank.number) == ("examine", number)
        assert keywords == {"checkpoint": "x", "split": "test"}


@pytest.mark.parametrize("strategy", [None, "ddp", "auto", {"class": "DDPStrategy"}, 3])
def test_what_each_process_holds_whole_is_tested_by_one(strategy):
    job = replace(JOB, trainer_arguments={} if strategy is None else {"strategy": strategy})
    processes = [Fake("metrics"), Fake()]
    assert group_of(*processes).call("examine", job, checkpoint="x") == "metrics"
    assert processes[1].asked == []


def test_each_part_of_a_line_is_of_the_rank():
    processes = [Fake(), Fake()]
    part = Part(job=JOB, epochs=2)
    group_of(*processes).call("repeat", part.job, line=[part, part])
    for number, process in enumerate(processes):
        _, _, keywords = process.asked[-1]
        assert [p.job.rank.number for p in keywords["line"]] == [number, number]


LOST = RuntimeError("[gloo/transport/tcp/pair.cc:589] Connection closed by peer")


@pytest.mark.parametrize(
    ("does", "expected"),
    [
        ([LOST, ValueError("thirteen")], ValueError),
        ([LOST, ProcessGone("killed")], ProcessGone),
        ([ProcessGone("killed"), ValueError("thirteen")], ValueError),
        ([None, LOST], RuntimeError),
    ],
)
def test_what_is_raised_is_what_led_to_the_rest_and_all_are_ended(does, expected):
    ended, processes = [], [Fake(each) for each in does]
    group = group_of(*processes, end=lambda: ended.append(True))
    with pytest.raises(expected) as caught:
        group.call("refit", JOB, epochs=1)
    assert type(caught.value) is expected
    assert all(process.is_closed for process in processes)
    assert ended == [True]


def test_one_that_waits_for_a_lost_one_is_ended(monkeypatch):
    monkeypatch.setattr("raysearch.tuning.processes.TELL_WITHIN_S", 0.01)
    processes = [Fake("wait"), Fake(ValueError("thirteen"))]
    with pytest.raises(ValueError, match="thirteen"):
        group_of(*processes).call("refit", JOB, epochs=1)
    assert processes[0].is_closed


def test_without_others_the_first_counts_as_gone_so_that_it_is_tried_anew():
    first = Fake()

    def several(first):
        raise NoTemplate("no template answers")

    group = Group(first, several=several, host=None)
    with pytest.raises(ProcessGone, match="no template"):
        group.call("refit", JOB, epochs=1)
    assert first.is_closed
