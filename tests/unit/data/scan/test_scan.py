"""Are the splits of SCAN those of the paper?"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from raysearch.data.scan import module
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


def arrays(data, split):
    return [tensor.numpy() for tensor in getattr(data, f"{split}_dataloader")().tensors]


def commands(data, split):
    """Return how often each command is in a split, as symbols."""
    return Counter(row.tobytes() for row in arrays(data, split)[0])


def n_actions(data, split):
    return (arrays(data, split)[2] > UNKNOWN).sum(1)


def symbols(command):
    numbers = [UNKNOWN + 1 + WORDS.index(word) for word in command.split()]
    return np.array([*numbers, *[0] * (9 - len(numbers))], dtype=np.int64).tobytes()


def has_jump(data, split):
    return (arrays(data, split)[0] == UNKNOWN + 1 + WORDS.index("jump")).any(1)


@pytest.mark.parametrize("split", PUBLISHED)
def test_splits_have_the_published_sizes(split):
    data = Data(batch_size=64, split=split)
    n_train, n_test = PUBLISHED[split]
    train, validation, test = (commands(data, part) for part in SPLITS)
    assert train.total() + validation.total() == n_train
    assert test.total() == n_test
    assert train.total() == data.spec.n_train
    assert not train & test
    assert not train & validation
    assert not validation & test
    assert len(train | validation | test) == 20_910


@pytest.mark.parametrize("split", PUBLISHED)
def test_each_row_is_a_command_and_what_it_means(split):
    data = Data(batch_size=64, split=split)
    for part in SPLITS:
        for row, length, target in zip(
            *(a[::97].tolist() for a in arrays(data, part)), strict=True
        ):
            assert set(row[length:]) <= {0}
            end = target.index(END)
            assert set(target[end + 1 :]) <= {0}
            command = " ".join(WORDS[number - UNKNOWN - 1] for number in row[:length])
            meaning = [ACTIONS[number - UNKNOWN - 1] for number in target[:end]]
            assert meaning == actions(command)


def test_the_length_split_is_by_actions():
    data = Data(batch_size=64, split="length")
    assert max(n_actions(data, "train").max(), n_actions(data, "val").max()) == 22
    assert n_actions(data, "test").min() == 24


def test_jump_is_a_tenth_of_the_training_part_and_nowhere_else_in_it():
    data = Data(batch_size=64, split="add_jump")
    assert has_jump(data, "train").sum() == commands(data, "train")[symbols("jump")] == 1_467
    assert not has_jump(data, "val").any()
    assert has_jump(data, "test").all()
    assert len(has_jump(data, "train")) + len(has_jump(data, "val")) == 10 * 1_467


def test_the_seed_draws_the_simple_split_and_validation():
    first, same, other = (Data(batch_size=9, seed=seed) for seed in (1, 1, 2))
    assert commands(first, "test") == commands(same, "test") != commands(other, "test")
    by_length = [Data(batch_size=9, seed=seed, split="length") for seed in (1, 2)]
    assert commands(by_length[0], "test") == commands(by_length[1], "test")
    assert commands(by_length[0], "val") != commands(by_length[1], "val")


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


def test_arrays_of_an_older_format_are_made_anew(monkeypatch, tmp_path):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    for number in (1, 2, 2):
        monkeypatch.setattr(module, "_FORMAT", number)
        module._load.cache_clear()
        assert Data(batch_size=8).train_dataloader()
    assert len(list(tmp_path.rglob("*.npz"))) == 2
