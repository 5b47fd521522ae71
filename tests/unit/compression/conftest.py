"""Every test may ask for a trained network, recorded once for all that only read it."""

from __future__ import annotations

import pytest
import torch

from raysearch.compression.change import Given
from raysearch.compression.subject import best_of
from raysearch.training.trained import open_trained, recorded_calls
from tests.unit.compression.trained import opened, searched


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep several threads from waiting for each other on networks this small."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def subject(tmp_path_factory):
    """The winner of a search: a convolutional network of two stages, of 16 and 32 channels."""
    results = opened(searched(tmp_path_factory.mktemp("runs") / "small-1"))
    return best_of(results, results.winner)


@pytest.fixture(scope="session")
def calls(subject):
    """What its forward is given in two batches of validation data."""
    return _calls(subject)


def _calls(subject):
    parts = open_trained(subject.job, subject.checkpoint)
    return recorded_calls(parts, job=subject.job, source="validation", n_batches=2)


@pytest.fixture
def given(subject, calls):
    """The network itself, to be changed, half of which is to be left."""
    model = open_trained(subject.job, subject.checkpoint).model
    return Given(subject=subject, model=model, calls=calls, keep=0.5)
