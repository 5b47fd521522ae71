from __future__ import annotations

import torch

from raysearch.models.shared.padding import cut_behind_longest


def test_a_batch_ends_with_its_longest_example():
    x = torch.arange(24).reshape(2, 2, 6)
    assert cut_behind_longest(x, torch.tensor([1, 4])).equal(x[:, :, :4])
    assert cut_behind_longest(x[:, 0], torch.tensor([6, 4])).equal(x[:, 0])


def test_without_lengths_nothing_is_padding():
    x = torch.zeros(2, 6)
    assert cut_behind_longest(x, None) is x


def test_a_device_is_not_waited_for():
    x = torch.zeros(2, 6, device="meta")
    assert cut_behind_longest(x, torch.ones(2, dtype=torch.int64, device="meta")) is x
