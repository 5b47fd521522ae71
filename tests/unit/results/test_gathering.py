"""Which checkpoints are brought together, and what does the manifest say of them?"""

from __future__ import annotations

import hashlib
import json

import pytest

from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.results import Results
from raysearch.results.gathering import gather
from tests.recorded import Bytes


@pytest.fixture
def ended(search):
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9)
    search.trial(None)
    return search.finish()


def opened(search):
    return Results.open(search.run_dir.path)


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def test_models_and_best_checkpoints_are_copied_with_what_they_are(ended, tmp_path):
    opened(ended).refit(executor=Bytes())
    results = opened(ended)
    gathered = gather(results, to=tmp_path / "to", trials=results.ranking())
    assert set(gathered.sizes) == {
        "winner/model.ckpt",
        "winner/config.yaml",
        "winner/metrics.json",
        "0001/epoch-0002.ckpt",
        "0000/epoch-0002.ckpt",
    }
    document = manifest(tmp_path / "to")
    assert document["objective"] == {"metric": "val/accuracy", "direction": "maximize"}
    by_path = {entry["path"]: entry for entry in document["files"]}
    best = by_path["0001/epoch-0002.ckpt"]
    data = (tmp_path / "to/0001/epoch-0002.ckpt").read_bytes()
    assert (best["trial"], best["epoch"], best["bytes"]) == ("0001", 2, len(data))
    assert best["sha256"] == hashlib.sha256(data).hexdigest()
    assert best["values"]["val/accuracy"] == 0.9
    assert best["configuration"] == dict(results.trial("1").configuration)


def test_a_damaged_checkpoint_is_left_out_and_said(ended, tmp_path):
    (ended.run_dir.path / "trials/0001/epoch-0002.ckpt").write_bytes(b"short")
    results = opened(ended)
    gathered = gather(results, to=tmp_path / "to", trials=[results.trial("1"), results.trial("0")])
    assert gathered.left_out == {"0001": "epoch-0002.ckpt is 5 bytes instead of 1,000"}
    assert list(gathered.sizes) == ["0000/epoch-0002.ckpt"]
    assert manifest(tmp_path / "to")["left_out"] == dict(gathered.left_out)


def test_it_may_be_repeated_and_writes_over_nothing_else(ended, tmp_path):
    results = opened(ended)
    gather(results, to=tmp_path / "to", trials=results.ranking()[:1])
    gather(results, to=tmp_path / "to", trials=results.ranking())
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    with pytest.raises(RunDirectoryError, match="other holds files of another kind, and nothing"):
        gather(results, to=other, trials=results.ranking())
    assert [path.name for path in other.iterdir()] == ["mine.txt"]


def test_a_trial_without_a_finite_value_is_refused(ended, tmp_path):
    results = opened(ended)
    with pytest.raises(ConfigurationError, match=r"Trial 0002 of .* never reached a finite"):
        gather(results, to=tmp_path / "to", trials=[results.trial("2")])
    assert not (tmp_path / "to").exists()
