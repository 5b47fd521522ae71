"""What several processes train together is what one trains alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from raysearch.forking import template
from raysearch.training.job import Ending
from raysearch.training.run import examine, train
from tests.nets import Listener, make_job
from tests.together import LOADED, Clouds, Plain, together, trained

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


class Forwards(Plain):
    """Calls its forward, so that what becomes of each example is known."""

    def forward(self, points):
        return self.layers(points)

    def validation_step(self, batch, _):
        outputs = self(batch[0])
        accuracy = (outputs.argmax(1) == batch[1]).float().mean()
        self.log_dict({"val/loss": F.cross_entropy(outputs, batch[1]), "val/accuracy": accuracy})


def test_a_model_is_tested_by_several_processes_as_by_one(forks, tmp_path):
    job = make_job(tmp_path, model=Forwards, data=Clouds, max_epochs=1)
    listener = Listener()
    train(job, report=listener)
    checkpoint = str(tmp_path / listener.reports[0].checkpoint.path)
    alone = examine(job, checkpoint=checkpoint, split="validation")
    first, other = together(forks, "examine", job, of=2, checkpoint=checkpoint)
    for found in (first, other):
        assert found.values == pytest.approx(dict(alone.values), rel=1e-5)
        assert found.outcomes is not None, found.reason
        assert found.outcomes.truth.tolist() == alone.outcomes.truth.tolist()  # in their order
        assert found.outcomes.chosen.tolist() == alone.outcomes.chosen.tolist()
        assert found.outcomes.losses == pytest.approx(alone.outcomes.losses, rel=1e-4)


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
