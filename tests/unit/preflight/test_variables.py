"""Variables of the environment that say no amount are refused before anything starts."""

from __future__ import annotations

import pytest

from raysearch.cli.main import main
from raysearch.data.room import SHARE
from raysearch.errors import ConfigurationError
from raysearch.preflight.variables import refuse_wrong_variables
from raysearch.run_dir.remote.evicting import LIMIT


def test_all_that_are_wrong_are_said_at_once(monkeypatch):
    monkeypatch.setenv(SHARE, "half")
    monkeypatch.setenv(LIMIT, "20GB")
    with pytest.raises(ConfigurationError) as caught:
        refuse_wrong_variables()
    share, limit, nothing = caught.value.faults
    assert share.startswith(f"The environment variable {SHARE} is 'half'.")
    assert limit.startswith(f"The environment variable {LIMIT} is '20GB'.")
    assert nothing == "Nothing was started."


@pytest.mark.parametrize(("share", "limit"), [("0.25", "100"), ("", ""), ("0", "0")])
def test_those_that_are_right_or_not_set_are_taken(monkeypatch, share, limit):
    monkeypatch.setenv(SHARE, share)
    monkeypatch.setenv(LIMIT, limit)
    refuse_wrong_variables()


def test_check_says_so_in_its_first_stage(monkeypatch, capsys, tmp_path):
    (tmp_path / "a.yaml").write_text(
        "data: digits\nmodel: mlp\nobjective: val/accuracy\nfidelity: {max_epochs: 2}\n"
    )
    monkeypatch.setenv(SHARE, "half")
    assert main(["check", "--quick", str(tmp_path / "a.yaml")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{SHARE} is 'half'" in err
