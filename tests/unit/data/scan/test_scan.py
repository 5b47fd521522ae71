"""Are the splits of SCAN those of the paper?"""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from raysearch.data.scan.grammar import ACTIONS, WORDS, actions
from raysearch.data.scan.module import Data
from raysearch.data.scan.space import PUBLISHED, data_spec
from raysearch.data_spec import END, UNKNOWN
from raysearch.errors import ConfigurationError

SPLITS = ("train", "val", "test")


@pytest.fixture(scope="module", autouse=True)
def cache_of_its_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def rows(data, split):
    """Return commands and actions of a split as texts."""
    inputs, lengths, targets = getattr(data, f"{split}_dataloader")().tensors
    found = []
    for row, length, target in zip(
        inputs.tolist(), lengths.tolist(), targets.tolist(), strict=True
    ):
        assert set(row[length:]) <= {0}
        end = target.index(END)
        assert set(target[end + 1 :]) <= {0}
        command = " ".join(WORDS[number - UNKNOWN - 1] for number in row[:length])
        found.append((command, [ACTIONS[number - UNKNOWN - 1] for number in target[:end]]))
    return found


@pytest.mark.parametrize("split", PUBLISHED)
def test_splits_have_the_published_sizes(split):
    data = Data(batch_size=64, split=split)
    parts = {part: rows(data, part) for part in SPLITS}
    n_train, n_test = PUBLISHED[split]
    assert len(parts["train"]) + len(parts["val"]) == n_train
    assert len(parts["test"]) == n_test
    assert len(parts["train"]) == data.spec.n_train
    commands = {part: Counter(command for command, _ in found) for part, found in parts.items()}
    assert not commands["train"] & commands["test"]
    assert not commands["train"] & commands["val"]
    assert not commands["val"] & commands["test"]
    assert len(commands["train"] | commands["val"] | commands["test"]) == 20_910
    assert all(meaning == actions(command) for command, meaning in parts["test"][::97])
    assert all(meaning == actions(command) for command, meaning in parts["train"][::97])


def test_the_length_split_is_by_actions():
    data = Data(batch_size=64, split="length")
    longest = max(len(meaning) for part in ("train", "val") for _, meaning in rows(data, part))
    assert longest == 22
    assert min(len(meaning) for _, meaning in rows(data, "test")) == 24


def test_jump_is_a_tenth_of_the_training_part_and_nowhere_else_in_it():
    data = Data(batch_size=64, split="add_jump")
    trained = Counter(command for command, _ in rows(data, "train"))
    assert trained["jump"] == 1_467
    assert not [command for command in trained if "jump" in command and command != "jump"]
    assert not [command for command, _ in rows(data, "val") if "jump" in command]
    assert all("jump" in command.split() for command, _ in rows(data, "test"))
    assert 1_467 / 14_670 == 0.1


def test_the_seed_draws_the_simple_split_and_validation():
    first, same, other = (Data(batch_size=9, seed=seed) for seed in (1, 1, 2))
    assert rows(first, "test") == rows(same, "test") != rows(other, "test")
    by_length = [Data(batch_size=9, seed=seed, split="length") for seed in (1, 2)]
    assert rows(by_length[0], "test") == rows(by_length[1], "test")
    assert rows(by_length[0], "val") != rows(by_length[1], "val")


def test_a_batch_has_inputs_lengths_and_targets():
    data = Data(batch_size=20)
    inputs, lengths, targets = next(iter(data.train_dataloader()))
    assert (inputs.shape, lengths.shape, targets.shape) == ((20, 9), (20,), (20, 49))
    assert {tensor.dtype for tensor in (inputs, lengths, targets)} == {torch.int64}
    assert int(inputs.max()) < data.spec.vocabulary
    assert int(targets.max()) < data.spec.n_outputs
    assert len(data.refit_dataloader().tensors[0]) == PUBLISHED["simple"][0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"split": "lenght"}, "data.split: lenght is not a split of SCAN. Did you mean length"),
        ({"validation": 0.5}, "data.validation is 0.5. It must be a number from 0.05 to 0.45"),
        ({"seed": -1}, "data.seed is -1"),
    ],
)
def test_wrong_arguments_are_refused(wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        Data(batch_size=8, **wrong)


def test_the_spec_needs_no_data():
    assert data_spec(split="add_jump", validation=0.2).n_train == 14_670 - round(0.2 * 13_203)
