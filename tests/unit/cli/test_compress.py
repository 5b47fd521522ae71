"""What `compress` aims at where nobody says it."""

from __future__ import annotations

import re

from raysearch.cli.main import main
from raysearch.experiment.compress import SIZE_AIM, SPEED_AIM


def test_the_help_names_the_aims_of_an_experiment_file(capsys):
    assert main(["compress", "--help"]) == 0
    text = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert f"as a share of the winner's ({SIZE_AIM})" in text
    assert f"times as fast a batch shall be ({SPEED_AIM})" in text
