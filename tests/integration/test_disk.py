"""A disk that is full ends the search with everything kept, and room lets it go on."""

from __future__ import annotations

import pytest

from raysearch.engine import fold
from raysearch.errors import RunDirectoryError, SearchAborted
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.search import Search
from raysearch.trial import SearchStatus, TrialStatus
from tests.small_disk import fill, small_disk

pytestmark = pytest.mark.timeout(180)  # real processes, which import torch


def test_a_full_disk_ends_the_search_and_no_trial_counts_as_failed(small, tmp_path, ray_address):
    big = []
    with small_disk(tmp_path / "disk", kilobytes=1500) as disk:

        def keep_full(event, state):
            """Leave room for the journal alone, also where an old checkpoint is removed."""
            if big or (isinstance(event, ev.Measured) and event.epoch == 2):
                big.append(fill(disk, but=8192, name=f"big-{len(big)}"))

        overrides = ["scheduler=none", "budget.trials=2", "checkpoint.every=1"]
        search = Search.from_file(
            small, overrides=overrides, run_dir=disk / "run", address=ray_address
        )
        with pytest.raises(SearchAborted, match=r"the disk is full: trial 000\d.*Make room"):
            search.run(listeners=[keep_full])
        state = fold(RunDir(disk / "run").events())
        assert state.status is SearchStatus.FAILED
        assert TrialStatus.FAILED not in {t.status for t in state.trials.values()}
        assert "disk full" in {t.cause for t in state.trials.values()}

        for file in big:
            file.unlink()
        results = Search.resume(disk / "run", address=ray_address).run(listeners=[])
        assert results.status is SearchStatus.FINISHED
        for trial in results.state.trials.values():
            assert [m.epoch for m in trial.measurements] == [1, 2, 3, 4]
            before = state.trials.get(trial.id, trial)
            assert trial.measurements[: before.epochs] == before.measurements

        file = fill(disk, but=4096)
        with pytest.raises(RunDirectoryError, match=r"the refit of trial .* are kept\. Make room"):
            results.refit()
        assert not (disk / "run" / "winner" / "model.ckpt").exists()
        file.unlink()
        assert Results.open(disk / "run").refit().refit
        assert (disk / "run" / "winner" / "model.ckpt").exists()
