"""Does a symbolic link in a run directory lead raysearch out of it?"""

from __future__ import annotations

from pathlib import Path

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.results import Results, load_model
from raysearch.results.winner_folder import CONFIG, METRICS, MODEL
from raysearch.run_dir import RunDir
from raysearch.training.checkpoints import sound_start
from tests.recorded import Bytes, Recorded
from tests.unit.training.plain_job import job_of

BEST = "trials/0001/epoch-0001.ckpt"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with a file of the size of a checkpoint, which nobody may touch."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "epoch-0001.ckpt").write_bytes(b"y" * 1000)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    recorded = Recorded(tmp_path / "run")
    recorded.trial(0.5)
    recorded.trial(0.9)
    return recorded.finish().run_dir


def lead_out(run: RunDir, key: str, to: Path) -> None:
    """Put a link in the place of a file or folder of the run directory."""
    place = run.path / key
    place.rename(run.path.parent / f"former-{place.name}")
    place.symlink_to(to)


@pytest.mark.parametrize("key", [BEST, "trials/0001", "trials"])
def test_a_checkpoint_behind_a_link_is_passed_over(run: RunDir, outside: Path, key: str) -> None:
    target = {BEST: outside / "epoch-0001.ckpt", "trials/0001": outside}.get(key, outside.parent)
    lead_out(run, key, target)
    results = Results.open(run.path)
    passed_over = results.selection.passed_over
    assert passed_over[0].trial.id == "0001"
    assert "leads out of the run directory through a symbolic link" in passed_over[0].fault
    assert results.winner is None or results.winner.id == "0000"


@pytest.mark.parametrize("key", [BEST, "trials/0001"])
def test_deleting_a_checkpoint_deletes_nothing_outside(
    run: RunDir, outside: Path, key: str
) -> None:
    lead_out(run, key, outside / "epoch-0001.ckpt" if key == BEST else outside)
    if key == BEST:
        run.storage.delete(BEST)  # the link itself
        assert not (run.path / BEST).is_symlink()
    else:
        with pytest.raises(RunDirectoryError, match="through a symbolic link"):
            run.storage.delete(BEST)
    assert (outside / "epoch-0001.ckpt").stat().st_size == 1000


def test_a_request_to_stop_behind_a_link_is_none(run: RunDir, outside: Path) -> None:
    run.storage.put("stop", b"")
    assert run.is_stop_requested()
    lead_out(run, "stop", outside / "epoch-0001.ckpt")
    assert not run.is_stop_requested()


@pytest.mark.parametrize("key", ["trials/0001", "trials"])
def test_orphans_are_not_looked_for_behind_a_link(run: RunDir, outside: Path, key: str) -> None:
    orphan = outside / "0001" / "epoch-0007.ckpt"
    orphan.parent.mkdir()
    orphan.write_bytes(b"not ours")
    lead_out(run, key, orphan.parent if key == "trials/0001" else outside)
    assert not [found for found in run.remove_orphans(()) if found.startswith("trials/0001")]
    assert orphan.read_bytes() == b"not ours"


def test_a_segment_behind_a_link_is_not_read(run: RunDir, tmp_path: Path) -> None:
    key = "journal/000001.jsonl"
    (tmp_path / "other.jsonl").write_bytes(run.storage.read(key))
    lead_out(run, key, tmp_path / "other.jsonl")
    with pytest.raises(RunDirectoryError, match=r"000001.jsonl leads out of the run directory"):
        Results.open(run.path)


def test_a_winner_behind_a_link_is_neither_opened_nor_overwritten(
    run: RunDir, outside: Path
) -> None:
    Results.open(run.path).refit(executor=Bytes())
    for key in (MODEL, CONFIG, METRICS):
        (outside / Path(key).name).write_bytes((run.path / key).read_bytes())
    lead_out(run, "winner", outside)
    before = {path: path.read_bytes() for path in outside.iterdir()}
    with pytest.raises(RunDirectoryError, match="through a symbolic link"):
        load_model(run.path)
    results = Results.open(run.path)
    assert results.winner is not None
    assert results.model_of(results.winner) is None
    with pytest.raises(RunDirectoryError, match="through a symbolic link"):
        results.refit(executor=Bytes())
    assert {path: path.read_bytes() for path in outside.iterdir()} == before


def test_a_worker_does_not_go_on_from_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside.ckpt").write_bytes(b"x" * 10)
    link = tmp_path / "trials" / "epoch-0001.ckpt"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "outside.ckpt")
    job = job_of(
        tmp_path,
        model="tests.nets:Net",
        data="tests.nets:Data",
        resume_from=str(link),
        resume_bytes=10,
        epochs_before=1,
    )
    sound, damaged = sound_start(job)
    assert (sound.resume_from, sound.epochs_before) == (None, 0)
    assert damaged == {str(link): "epoch-0001.ckpt is a symbolic link, or lies behind one"}


def test_a_run_directory_that_is_reached_by_a_link_is_as_good_as_any(
    run: RunDir, tmp_path: Path
) -> None:
    link = tmp_path / "by-link"
    link.symlink_to(run.path)
    results = Results.open(link)
    assert results.winner is not None
    assert results.winner.id == "0001"
    results.refit(executor=Bytes())
    assert (run.path / MODEL).is_file()
    assert RunDir(link).remove_orphans({BEST}) == ["trials/0000/epoch-0001.ckpt"]
