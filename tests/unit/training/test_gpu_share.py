"""How much of its GPU a process takes; no GPU is needed to see what is asked of torch."""

from __future__ import annotations

import pytest

from raysearch.training.gpu_share import keep_to_share
from tests.nets import make_job


@pytest.mark.parametrize(
    ("share", "accelerator", "has_gpu", "limits"),
    [
        (0.25, None, True, [0.25]),
        (None, None, True, []),
        (0.25, None, False, []),
        (0.25, "cpu", True, []),
    ],
)
def test_torch_is_limited_where_a_gpu_is_shared(share, accelerator, has_gpu, limits, tmp_path):
    arguments = {"accelerator": accelerator} if accelerator else {}
    job = make_job(tmp_path, gpu_share=share, trainer_arguments=arguments)
    asked = []
    keep_to_share(job, has_gpu=lambda: has_gpu, limit=asked.append)
    assert asked == limits
