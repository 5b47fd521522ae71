"""What a person believes beforehand: priors, points, and the runs that are named as evidence."""

from __future__ import annotations

import pytest

from raysearch.experiment import from_settings
from raysearch.space import Prior


def test_a_prior_and_a_point_are_taken_as_they_stand(loaded):
    experiment = loaded(
        "space: {mlp.width: {int: [16, 64], prior: {centre: 32, confidence: 0.5}}}\n"
        "points: [{model: mlp, mlp.width: 48}]"
    )
    (width,) = experiment.space["mlp.width"]
    assert width.domain.prior == Prior(32, 0.5)
    assert experiment.points[0]["mlp.width"] == 48


@pytest.mark.parametrize(
    ("prior", "fault"),
    [
        ("{centre: 100, confidence: 0.5}", "prior.centre: 100 lies outside 16 to 64"),
        ("{centre: 17, confidence: 0.5}", "prior.centre: 17 is not on a step of 16 to 64, step 16"),
        ("{centre: 32, confidence: 1.5}", "prior.confidence is 1.5, and must be a float above 0"),
        ("{centre: 32, confidence: 0}", "prior.confidence is 0, and must be a float above 0 and"),
        ("{centre: 32}", "prior is {'centre': 32}. Write {centre: ..., confidence: ...}"),
        ("{center: 32, confidence: 0.5}", "Did you mean centre? Write {centre: ..., confidence"),
    ],
)
def test_a_prior_that_cannot_hold_is_refused_with_its_line(refused, prior, fault):
    first, *_ = refused(f"space:\n  mlp.width: {{int: [16, 64], step: 16, prior: {prior}}}")
    assert first.startswith("wrong.yaml, line 6: space.mlp.width: ")
    assert fault in first


def test_one_parameter_has_one_prior(refused):
    width = "{int: [16, 64], prior: {centre: %d, confidence: 0.5}}"
    first, *_ = refused(f"space:\n  mlp.width: {width % 32}\n  mlp.width: {width % 48}")
    twice = "space.mlp.width is given twice, first in line 6. Keep one of them."
    assert first == f"wrong.yaml, line 7: {twice}"


@pytest.mark.parametrize(
    ("point", "fault"),
    [
        ("{model: mlp, mlp.width: 65}", "mlp.width: 65 lies outside 16 to 64"),
        ("{model: mlp, mlp.width: 32.5}", "mlp.width: 32.5"),
        ("{model: rnn}", "model: rnn is not one of cnn, mlp"),
        ("{mlp.width: 32}", "mlp.width"),  # the default is another model
        ("{model: mlp, mlp.widht: 32}", "mlp.widht is not a parameter of this space. Did you mean"),
    ],
)
def test_a_point_outside_the_space_is_named_with_parameter_value_and_range(refused, point, fault):
    first, *_ = refused(f"space: {{mlp.width: {{int: [16, 64]}}}}\npoints:\n  - {{}}\n  - {point}")
    assert first.startswith("wrong.yaml, line 8: points, number 2: ")
    assert fault in first


def test_evidence_is_a_run_or_a_list_of_them(loaded):
    assert loaded("evidence: runs/a").evidence == ("runs/a",)
    assert loaded("evidence: [runs/a, runs/b]").evidence == ("runs/a", "runs/b")
    assert loaded("", "evidence=[runs/a]").evidence == ("runs/a",)
    assert loaded("evidence:").evidence == loaded("").evidence == ()
    experiment = loaded("evidence: runs/a")
    assert from_settings(experiment.settings) == experiment


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("[runs/a, runs/a]", "It names runs/a twice. Name each run once."),
        ("['']", "A run is named by its path, which is not empty."),
        ("5", "It must be a list. For example: `evidence: [runs/digits-"),
    ],
)
def test_evidence_that_names_no_runs_is_refused(refused, written, fault):
    first, *_ = refused(f"evidence: {written}")
    assert first.startswith("wrong.yaml, line 5: evidence is ")
    assert fault in first
