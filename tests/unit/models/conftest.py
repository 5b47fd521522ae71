from __future__ import annotations

import pytest
import torch

from raysearch.models.shared.arguments import TrainingSettings


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Keep several threads from waiting for each other on networks this small."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture
def settings():
    """Return plain settings of training, to be replaced in part."""
    return TrainingSettings(
        task="classification",
        n_outputs=3,
        optimizer="adamw",
        learning_rate=0.1,
        momentum=0.9,
        weight_decay=0.01,
        schedule="constant",
        warmup_fraction=0.0,
        loss="cross_entropy",
        label_smoothing=0.0,
        focal_gamma=2.0,
        huber_delta=1.0,
        class_weighting=0.0,
        class_counts=[],
        target_scale=1.0,
    )
