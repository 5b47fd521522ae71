"""What is read of a journal that was cut, or changed in the middle, and how the rest is kept."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raysearch.engine.state import fold
from raysearch.errors import RunDirectoryError
from raysearch.results import Results
from raysearch.results.winner_folder import METRICS, MODEL, describes
from raysearch.run_dir import JournalDamaged, LocalStorage, RunDir, read_journal
from raysearch.run_dir import events as ev
from raysearch.run_dir.lines import to_line
from tests.recorded import Bytes, Recorded

START = ev.SearchStarted(at=0.0, settings={}, space={}, versions={})
FIRST, SECOND, THIRD = (f"journal/{number:06d}.jsonl" for number in (1, 2, 3))


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    """Three sessions: of two trials, of one, of one."""
    recorded = Recorded(tmp_path / "run")
    recorded.trial(0.5, 0.6)
    recorded.trial(0.7)
    recorded.finish().extend().trial(0.8)
    recorded.finish().extend().trial(0.9)
    return recorded.finish().run_dir


def lines_of(run: RunDir, key: str) -> list[bytes]:
    return run.storage.read(key).splitlines(keepends=True)


def set_aside(run: RunDir) -> Path | None:
    """Return the folder in which the damaged rest is now."""
    aside = run.set_damage_aside(describes=lambda model: describes(run, model))
    return None if aside is None else run.path / aside.folder


def spoil(
    run: RunDir, key: str, line: int, instead: bytes = b'{"event": "meas\xffured"}\n'
) -> None:
    lines = lines_of(run, key)
    lines[line - 1] = instead
    run.storage.put(key, b"".join(lines))


def test_a_cut_at_every_byte_leaves_the_whole_lines_before_it(run: RunDir) -> None:
    data = run.storage.read(THIRD)
    whole = list(run.events())
    n_before = len(whole) - data.count(b"\n")
    shortest = len(b"".join(data.splitlines(keepends=True)[:-2]))
    for size in range(shortest, len(data) + 1):
        (run.path / THIRD).write_bytes(data[:size])
        found = list(run.events())
        expected = whole[: n_before + data[:size].count(b"\n")]
        assert found == expected
        assert fold(found) == fold(expected)


@given(size=st.integers(0, 4000), zeros=st.sampled_from([0, 1, 511, 4096]))
@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_zeros_that_a_power_cut_leaves_are_a_torn_tail_in_any_segment(
    run: RunDir, size: int, zeros: int
) -> None:
    data = run.storage.read(THIRD)
    try:
        before = list(run.events())
        kept = data[:size]
        run.storage.put(THIRD, kept + b"\0" * zeros)
        n_lost = data.count(b"\n") - kept.count(b"\n")
        expected = before[: len(before) - n_lost]
        assert list(run.events()) == expected
        assert fold(run.events()) == fold(expected)
        run.storage.put("journal/000004.jsonl", to_line(RESUMED).encode() + b"\n")
        assert list(run.events()) == [*expected, RESUMED]
    finally:
        run.storage.put(THIRD, data)
        run.storage.delete("journal/000004.jsonl")


RESUMED = ev.SearchResumed(at=9e9, settings={})


@pytest.mark.parametrize("content", [b"", b"\0" * 4096])
def test_an_empty_segment_and_one_of_zeros_hold_nothing(run: RunDir, content: bytes) -> None:
    before = list(run.events())
    run.storage.put("journal/000004.jsonl", content)
    assert list(run.events()) == before
    run.storage.put("journal/000005.jsonl", to_line(RESUMED).encode() + b"\n")
    assert list(run.events()) == [*before, RESUMED]


def test_the_beginning_of_a_line_that_is_whole_json_counts_as_torn(run: RunDir) -> None:
    before = list(run.events())
    run.storage.put("journal/000004.jsonl", to_line(RESUMED).encode())
    assert list(run.events()) == before


WRONG_LINES = {
    b"\0\0\0\n": "Expecting value",
    b"\xff\n": "utf-8",
    b"{}\n": "it names no event",
    b"[1]\n": "it names no event",
    b"[" * 100_000 + b"\n": "recursion",
    b'{"event":"measured"}\n': "required keyword-only argument",
    b'{"event":"search_ended","at":"noon","status":"finished"}\n': "at is 'noon'",
    b'{"event":"search_ended","at":1,"status":"fini"}\n': "'fini' is not a valid",
    b'{"event":"trial_ended","at":1,"trial":"0099","status":"failed"}\n': "about trial 0099",
    b'{"event":"attempt_startee","at":1}\n': "if a newer raysearch wrote it, open it with that one",
    b'{"event":"trial_created","at":1,"trial":"0001","number":1,"configuration":{}}\n': (
        "it creates trial 0001, and a line before it does"
    ),
    to_line(START).encode() + b"\n": "it starts the search, and a line before it does",
}


@pytest.mark.parametrize("line", WRONG_LINES, ids=WRONG_LINES.values())
def test_a_wrong_line_is_named_with_what_stands_before_it(run: RunDir, line: bytes) -> None:
    whole = list(run.events())
    spoil(run, SECOND, 2, line)
    n_first, n_second = len(lines_of(run, FIRST)), len(lines_of(run, SECOND))
    with pytest.raises(JournalDamaged) as caught:
        list(run.events())
    text = str(caught.value)
    assert text.startswith(f"{run.path}: {SECOND}, line 2 cannot be read: ")
    assert WRONG_LINES[line] in text
    assert f"The {n_first + 1} events before it can be read" in text
    assert f"left out: this line, {n_second - 2} lines after it, all of {THIRD}." in text
    assert text.endswith(f": python -m raysearch resume {run.path} --from-intact")
    assert caught.value.damage.intact == n_first + 1
    events = run.events()
    assert [next(events) for _ in range(n_first + 1)] == whole[: n_first + 1]


def test_a_segment_that_is_gone_is_named(run: RunDir) -> None:
    n_first = len(lines_of(run, FIRST))
    run.storage.delete(SECOND)
    with pytest.raises(
        JournalDamaged, match=rf"{SECOND} is missing.* {n_first} events.*{THIRD}"
    ) as caught:
        list(run.events())
    assert "changed it" not in str(caught.value)


def test_nothing_before_the_damage_is_no_search_to_go_on_with(run: RunDir) -> None:
    spoil(run, FIRST, 1)
    with pytest.raises(
        RunDirectoryError, match=r"line 1 cannot be read.*nothing stands before.*experiment.yaml"
    ) as caught:
        list(run.events())
    assert not isinstance(caught.value, JournalDamaged)
    with pytest.raises(RunDirectoryError, match="nothing stands before"):
        set_aside(run)


def test_what_is_set_aside_is_kept_and_the_search_goes_on(run: RunDir) -> None:
    whole = list(run.events())
    spoil(run, SECOND, 3)
    damaged, third = run.storage.read(SECOND), run.storage.read(THIRD)
    intact = whole[: len(lines_of(run, FIRST)) + 2]
    checkpoints = {p.relative_to(run.path): p.read_bytes() for p in run.path.glob("trials/*/*")}
    aside = set_aside(run)
    assert aside == run.path / "set-aside-1"
    assert (aside / SECOND).read_bytes() == damaged
    assert (aside / THIRD).read_bytes() == third
    assert list(run.events()) == intact
    kept = {path for path in checkpoints if (run.path / path).is_file()}
    moved = checkpoints.keys() - kept
    assert {str(path.parent) for path in kept} == {"trials/0000", "trials/0001"}
    assert {str(path.parent) for path in moved} == {"trials/0002", "trials/0003"}
    assert all((aside / path).read_bytes() == checkpoints[path] for path in moved)
    journal = run.journal()
    journal.append([RESUMED])
    journal.close()
    assert list(run.events())[-1] == RESUMED
    assert run.storage.exists(THIRD)  # the new session's: the numbers have no gap
    assert set_aside(run) is None
    spoil(run, THIRD, 1)
    assert set_aside(run) == run.path / "set-aside-2"
    assert list(run.events()) == intact


def test_a_missing_segment_is_cut_away_too(run: RunDir) -> None:
    n_first = len(lines_of(run, FIRST))
    run.storage.delete(SECOND)
    aside = set_aside(run)
    assert aside is not None
    assert (aside / THIRD).is_file()
    assert len(list(run.events())) == n_first


def test_an_interrupted_setting_aside_is_repeated(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(run, SECOND, 3)
    put = LocalStorage.put

    def fails(self: LocalStorage, key: str, data: bytes) -> None:
        if re.match("set-aside", key):
            raise OSError(28, "No space left on device")
        put(self, key, data)

    with monkeypatch.context() as patched:
        patched.setattr(LocalStorage, "put", fails)
        with pytest.raises(RunDirectoryError, match="cannot be written: No space left"):
            set_aside(run)
    with pytest.raises(JournalDamaged, match="line 3"):
        list(run.events())
    assert set_aside(run) == run.path / "set-aside-2"
    assert (run.path / "set-aside-1" / THIRD).is_file()
    assert len(list(run.events())) == len(lines_of(run, FIRST)) + 2


class PowerCut(BaseException):
    """Ends a process where it is raised."""


@pytest.mark.parametrize("is_gone", [True, False], ids=["missing", "line"])
def test_a_setting_aside_that_ends_anywhere_loses_nothing_when_repeated(
    run: RunDir, monkeypatch: pytest.MonkeyPatch, *, is_gone: bool
) -> None:
    Results.open(run.path).refit(executor=Bytes())  # told of at the end: only by what is set aside
    if is_gone:
        run.storage.delete(SECOND)
    else:
        spoil(run, SECOND, 3)
    before = {p.relative_to(run.path): p.read_bytes() for p in contents(run.path)}
    whole = run.path.parent / "whole"
    shutil.copytree(run.path, whole)
    ends_at = 0
    while True:
        shutil.rmtree(run.path)
        shutil.copytree(whole, run.path)
        with monkeypatch.context() as patched:
            steps = stop_at(patched, ends_at)
            try:
                set_aside(run)
                break
            except PowerCut:
                pass
        with pytest.raises(JournalDamaged):
            list(run.events())
        assert set_aside(run) is not None
        list(run.events())
        assert set(before.values()) <= {path.read_bytes() for path in contents(run.path)}
        folders = list(run.path.glob("set-aside-*"))
        for key in ("trials/0002/epoch-0001.ckpt", "trials/0003/epoch-0001.ckpt", THIRD, MODEL):
            assert [f for f in folders if (f / key).is_file()]
            assert not (run.path / key).exists()
        ends_at += 1
    assert ends_at == len(steps) >= 6


def contents(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and p.name != "lease.json"]


def stop_at(patched: pytest.MonkeyPatch, n_steps: int) -> list[str]:
    """Let the storage do so many steps of a setting aside, and return their keys as they come."""
    steps: list[str] = []
    move, put = LocalStorage.move, LocalStorage.put

    def step(key: str) -> None:
        if len(steps) == n_steps:
            raise PowerCut
        steps.append(key)

    def moved(self: LocalStorage, key: str, to: str) -> None:
        step(key)
        move(self, key, to)

    def written(self: LocalStorage, key: str, data: bytes) -> None:
        step(key)
        put(self, key, data)

    patched.setattr(LocalStorage, "move", moved)
    patched.setattr(LocalStorage, "put", written)
    return steps


@pytest.mark.parametrize("key", ["trials", "winner", "set-aside-1", THIRD])
def test_a_link_that_leads_out_refuses_before_anything_is_moved(run: RunDir, key: str) -> None:
    spoil(run, SECOND, 3)
    former = run.path.parent / "former"
    if (run.path / key).exists():
        (run.path / key).rename(former)
    else:
        former.mkdir()
    (run.path / key).symlink_to(former)
    before = {path: path.read_bytes() for path in contents(run.path)}
    with pytest.raises(RunDirectoryError, match="leads out of the run directory"):
        set_aside(run)
    assert {path: path.read_bytes() for path in contents(run.path)} == before


def test_a_winner_that_the_intact_part_tells_of_stays(run: RunDir) -> None:
    results = Results.open(run.path)
    results.refit(executor=Bytes())
    results.test(executor=Bytes())
    last = f"journal/{len(list(run.storage.keys('journal'))):06d}.jsonl"
    lines = lines_of(run, last)
    opened = next(n for n, line in enumerate(lines, start=1) if b'"test_opened"' in line)
    run.storage.put(last, b"".join([*lines[: opened - 1], b"x\n", *lines[opened - 1 :]]))
    aside = run.set_damage_aside(describes=lambda model: describes(run, model))
    assert aside is not None
    assert aside.opened_test
    assert run.storage.exists(MODEL)
    assert run.storage.exists(METRICS)


def test_a_working_driver_is_not_disturbed(run: RunDir) -> None:
    spoil(run, SECOND, 3)
    with run.writing(), pytest.raises(RunDirectoryError, match="is in use by process"):
        set_aside(run)
    assert len(lines_of(run, SECOND)) > 3


def test_a_storage_without_a_run_says_run(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put(FIRST, to_line(START).encode() + b"\nx\n")
    with pytest.raises(JournalDamaged, match=r"RUN: journal/000001.jsonl, line 2"):
        list(read_journal(storage))
