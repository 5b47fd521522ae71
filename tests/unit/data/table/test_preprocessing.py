from __future__ import annotations

import json
import logging

import numpy as np
import pandas as pd
import pytest
import torch

from raysearch.data.table.module import Data
from raysearch.data.table.preprocessing import Preprocessing, load_preprocessing
from raysearch.data.table.target import Target
from raysearch.errors import ConfigurationError
from tests.dirty_table import dirty_rows, to_csv


def written(path, rows):
    path.write_text(to_csv(rows), encoding="utf-8")
    return str(path)


def told(rows):
    """Return rows that say of themselves which split they are in."""
    parts = ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    return [{**row, "part": parts[number % 10]} for number, row in enumerate(rows)]


def prepared(path, **arguments):
    return Data(batch_size=8, path=path, target="churn", **arguments)


@pytest.fixture(scope="module")
def data(customers):
    return prepared(str(customers))


@pytest.fixture
def raw(customers):
    return pd.read_csv(customers, dtype=str, keep_default_na=False)


def batches(loader):
    return [torch.cat(tensors) for tensors in zip(*loader, strict=True)]


def test_nothing_but_the_training_split_is_learnt_from(tmp_path):
    rows = told(dirty_rows(300))
    changed = [
        row
        if row["part"] == "train"
        else {
            **row,
            "income": "999999999",
            "age": "?",
            "region": "atlantis",
            "signed up": "1950-01-01",
            "discount": "a lot",
            "newsletter": "perhaps",
            "currency": "EUR",
            "comment": "the same",
            "customer_id": "1",
        }
        for row in rows
    ]
    before = prepared(written(tmp_path / "a.csv", rows), split="part")
    after = prepared(written(tmp_path / "b.csv", changed), split="part")
    assert after.preprocessing == before.preprocessing
    assert after.spec == before.spec
    for first, second in zip(
        after._splits().train, before._splits().train, strict=True
    ):  # not shuffled
        assert torch.equal(first, second)
    assert not torch.equal(after._splits().test[0], before._splits().test[0])


def test_statistics_are_those_of_the_training_split(data):
    inputs = data._splits().train[0].double().numpy()
    n_numbers = len(data.preprocessing.features) - len(data.spec.cardinalities)
    flags = [name.endswith(" is missing") for name in data.preprocessing.features[:n_numbers]]
    numbers = inputs[:, :n_numbers][:, ~np.array(flags)]
    # a missing value is the median, so columns with gaps are off by a little
    assert np.abs(numbers.mean(0)).max() < 0.1
    assert np.abs(numbers.std(0) - 1).max() < 0.1
    codes = inputs[:, n_numbers:]
    assert codes.min() >= 0
    assert (codes.max(0) < data.spec.cardinalities).all()


def test_it_goes_to_plain_json_and_back_and_does_the_same(data, raw):
    plain = json.loads(json.dumps(data.preprocessing.to_json()))
    again = Preprocessing.from_json(plain)
    assert again == data.preprocessing
    assert np.array_equal(again.transform(raw), data.preprocessing.transform(raw))


def test_raw_rows_become_what_the_model_was_trained_on(data, raw):
    inputs = data.preprocessing.encode(raw[raw["churn"].isin(["yes", "no"])])
    expected = torch.cat([data._splits().train[0], data._splits().validation[0]])
    expected = torch.cat([expected, data._splits().test[0]]).numpy()
    assert inputs.dtype == np.float32
    assert sorted(map(tuple, inputs)) == sorted(map(tuple, expected))


def test_typed_rows_are_as_good_as_text(data, customers, raw):
    typed = pd.read_csv(customers)
    assert typed["region"].isna().any()  # so the frames do differ
    difference = data.preprocessing.encode(typed) - data.preprocessing.encode(raw)
    assert np.abs(difference).max() < 1e-6


def test_columns_may_come_in_any_order_and_without_those_that_are_not_used(data, raw):
    few = raw[list(reversed(data.preprocessing.names))]
    assert np.array_equal(data.preprocessing.encode(few), data.preprocessing.encode(raw))
    assert data.preprocessing.transform(few.iloc[:1]).shape == (1, *data.spec.input_shape)
    assert data.preprocessing.transform(few.iloc[:0]).shape == (0, *data.spec.input_shape)


def test_rows_with_other_columns_are_refused(data, raw):
    with pytest.raises(ConfigurationError, match=r"no column income, .*Is it incme. They need: "):
        data.preprocessing.transform(raw.rename(columns={"income": "incme"}))
    with pytest.raises(ConfigurationError, match=r"have the column weight, .*names\)\]"):
        data.preprocessing.transform(raw.assign(weight=1))
    with pytest.raises(ConfigurationError, match="have the column age more than once"):
        data.preprocessing.transform(pd.concat([raw, raw[["age"]]], axis=1))


def test_what_cannot_be_read_in_new_rows_is_said(data, raw, caplog):
    rows = raw.head(3).assign(income=["a fortune", "$5", "$6"], region="atlantis")
    with caplog.at_level(logging.WARNING):
        inputs = data.preprocessing.transform(rows)
    assert [record.getMessage() for record in caplog.records] == [
        "Column income is a number, but 1 of its values are none and count as missing: 'a fortune'."
    ]
    features = data.preprocessing.features
    assert inputs[:, features.index("income is missing")].tolist() == [1.0, 0.0, 0.0]
    assert inputs[:, features.index("region")].tolist() == [0.0, 0.0, 0.0]


def test_outputs_become_classes_and_probabilities(data):
    outputs = torch.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    assert data.preprocessing.labels(outputs) == ["no", "yes"]
    expected = outputs.detach().double().softmax(1).numpy()
    assert data.preprocessing.probabilities(outputs) == pytest.approx(expected)


def test_outputs_become_numbers_in_the_targets_unit():
    target = Target(name="price", task="regression", mean=100.0, std=20.0)
    preprocessing = Preprocessing(target=target, columns=(), known=("price",))
    assert preprocessing.labels(torch.tensor([[0.0], [1.5]])).tolist() == [100.0, 130.0]
    with pytest.raises(ConfigurationError, match="price is a number, which has no classes"):
        preprocessing.probabilities(torch.zeros(2, 1))


def test_a_checkpoint_without_preprocessing_is_refused(tmp_path):
    torch.save({"state_dict": {}, "epoch": 3}, tmp_path / "model.ckpt")
    with pytest.raises(ConfigurationError, match=r"model\.ckpt holds no preprocessing"):
        load_preprocessing(tmp_path / "model.ckpt")


def test_a_newer_schema_is_refused(data):
    newer = {**data.preprocessing.to_json(), "schema_version": 99}
    with pytest.raises(ConfigurationError, match="schema version 99"):
        Preprocessing.from_json(newer)
