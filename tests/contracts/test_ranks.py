"""What several processes train together is what one trains alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from raysearch.forking import template
from raysearch.training.job import Ending
from raysearch.training.run import train
from tests.nets import Listener, make_job
from tests.together import LOADED, Clouds, Plain, trained

pytestmark = pytest.mark.timeout(120)  # processes


@pytest.fixture(scope="module")
def forks():
    with template(modules=LOADED) as address:
        yield address


def job_in(folder, **settings):
    return make_job(folder, model=Plain, data=Clouds, max_epochs=3, **settings)


def weights(folder, checkpoint):
    return torch.load(folder / checkpoint.path, weights_only=True)["state_dict"]


def test_weights_and_metrics_are_those_of_one_process(forks, tmp_path):
    alone = Listener()
    train(job_in(tmp_path / "alone"), report=alone)
    (first, reports), (other, silent) = trained(forks, job_in(tmp_path / "two"), of=2)
    assert first == other == Ending.COMPLETED
    assert silent == []  # rank 0 alone reports
    for one, both in zip(alone.reports, reports, strict=True):
        assert both.measurement.values == pytest.approx(dict(one.measurement.values), rel=1e-5)
        assert both.measurement.applied == one.measurement.applied
        assert both.measurement.n_validated == 21
        before = weights(tmp_path / "alone", one.checkpoint)
        for name, found in weights(tmp_path / "two", both.checkpoint).items():
            torch.testing.assert_close(found, before[name], rtol=1e-4, atol=1e-6)
    files = {path.name for path in (tmp_path / "two").iterdir()}
    assert files == {report.checkpoint.path for report in reports}


def test_all_stop_when_rank_0_is_told_to_and_go_on_from_its_checkpoint(forks, tmp_path):
    whole = trained(forks, job_in(tmp_path / "whole"), of=2)[0][1]
    job = job_in(tmp_path / "parts")
    (first, reports), (other, _) = trained(forks, job, of=2, stop_after=1)
    assert first == other == Ending.STOPPED
    assert len(reports) == 1
    path = tmp_path / "parts" / reports[0].checkpoint.path
    (_, rest), _ = trained(forks, replace(job, resume_from=str(path), epochs_before=1), of=2)
    values = [report.measurement.values for report in (*reports, *rest)]
    assert values == [report.measurement.values for report in whole]
