"""From a file to batches and back to answers: what a search does with texts, without the search."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from raysearch.data.text.module import Data
from raysearch.data.text.preprocessing import TextPreprocessing, load_preprocessing
from raysearch.errors import ConfigurationError


def data(path, **arguments):
    return Data(**{"batch_size": 8, "path": path, "text": "review", "target": "label", **arguments})


def test_batches_hold_tokens_lengths_and_classes(texts):
    for tokens, lengths, targets in data(texts).train_dataloader():
        assert tokens.dtype == lengths.dtype == targets.dtype == torch.int64
        assert tokens.shape == (len(targets), 11)
        is_padding = torch.arange(tokens.shape[1]) >= lengths[:, None]
        assert torch.equal(tokens == 0, is_padding)
        assert lengths.min() >= 1


def test_numbers_are_standardised(texts):
    found = data(texts, target="stars")
    targets = torch.cat([batch[2] for batch in found.train_dataloader()])
    assert targets.shape == (36, 1)
    assert abs(float(targets.mean())) < 1e-6
    assert abs(float(targets.std(unbiased=False)) - 1) < 1e-5


def test_refitting_keeps_lengths_beside_their_texts(texts):
    found = data(texts)
    batches = list(found.refit_dataloader())
    assert sum(len(batch[2]) for batch in batches) == 48
    for tokens, lengths, _ in batches:
        assert torch.equal((tokens != 0).sum(1), lengths)


def test_a_checkpoint_alone_reads_texts(texts, tmp_path):
    found = data(texts)
    torch.save({"data": found.state_dict(), "epoch": 3}, tmp_path / "model.ckpt")
    preprocessing = load_preprocessing(tmp_path / "model.ckpt")
    assert preprocessing == found.preprocessing
    (known,) = (b for b in found.val_dataloader())
    rows = [json.loads(line) for line in Path(texts).read_text(encoding="utf-8").splitlines()]
    tokens, lengths = preprocessing.transform([row["review"] for row in rows])
    everything = {tuple(row) for row in tokens.tolist()}
    assert all(tuple(row) in everything for row in known[0].tolist())
    assert lengths.max() == 11
    assert preprocessing.labels(np.array([[0.0, 1.0], [2.0, 1.0]])) == list(
        reversed(preprocessing.target.classes)
    )
    with pytest.raises(ConfigurationError, match="The texts number 1, counted from 0, are empty"):
        preprocessing.transform(["so good", " "])
    alone, in_list = preprocessing.transform("so good"), preprocessing.transform(["so good"])
    assert [part.tolist() for part in alone] == [part.tolist() for part in in_list]


def test_preprocessing_goes_to_json_and_back(texts):
    preprocessing = data(texts).preprocessing
    assert TextPreprocessing.from_json(json.loads(json.dumps(preprocessing.to_json()))) == (
        preprocessing
    )
    with pytest.raises(ConfigurationError, match="schema version 9, and this raysearch knows up"):
        TextPreprocessing.from_json({**preprocessing.to_json(), "schema_version": 9})


def test_a_checkpoint_of_other_texts_or_another_kind_is_refused(texts, tmp_path):
    state = data(texts).state_dict()
    with pytest.raises(ConfigurationError, match="prepared in another way than now"):
        data(texts, level="character").load_state_dict(state)
    torch.save({"data": {"preprocessing": {"kind": "images"}}}, tmp_path / "a.ckpt")
    with pytest.raises(ConfigurationError, match="not written in a training on data `text`"):
        load_preprocessing(tmp_path / "a.ckpt")
