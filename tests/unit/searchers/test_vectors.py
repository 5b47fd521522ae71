"""Do rows say the same as configurations, whatever is active?"""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.searchers.slots import MOST_ONE_HOT
from raysearch.searchers.vectors import Vectors
from raysearch.space import Bool, Choice, Fixed, Float, Int, Prior, Space

SPACE = Space(
    {
        "model": Choice(
            {
                "cnn": Space({"width": Int(8, 64, step=8), "kernel": Choice([3, 5], ordered=True)}),
                "mlp": Space({"width": Int(32, 512, log=True), "residual": Bool()}),
            }
        ),
        "depth": Int(1, 4),
        "skip": Float(0.0, 1.0, when={"model": ["cnn", "mlp"], "depth": [3, 4]}),
        "momentum": Float(0.5, 0.999, sampling="reverse_log", when={"residual": True}),
        "learning_rate": Float(1e-4, 1e-1, log=True),
        "epsilon": Fixed(1e-8),
    }
)


def test_rows_are_active_where_their_configurations_are() -> None:
    vectors, rng = Vectors(SPACE), np.random.default_rng(0)
    rows = vectors.draw(300, rng)
    rows = np.concatenate([rows, vectors.mutate(rows, rng)])
    for row, active in zip(rows, vectors.active(rows), strict=True):
        configuration = vectors.decode(row)
        SPACE.validate(configuration)
        encoded = SPACE.encode(configuration)
        assert (~np.isnan(encoded) == active).all()
        assert row[active] == pytest.approx(encoded[active], abs=1e-9)


def test_configurations_come_back_from_their_rows() -> None:
    vectors, rng = Vectors(SPACE), np.random.default_rng(1)
    for _ in range(100):
        configuration = SPACE.sample(rng)
        assert vectors.decode(vectors.encode(configuration)) == configuration


def test_a_mutation_changes_one_to_three_active_parameters_and_what_hangs_on_them() -> None:
    vectors, rng = Vectors(SPACE), np.random.default_rng(2)
    rows = vectors.draw(500, rng)
    children = vectors.mutate(rows, rng)
    both = vectors.active(rows) & vectors.active(children)
    n_changed = ((rows != children) & both).sum(axis=1) + (
        vectors.active(rows) != vectors.active(children)
    ).any(axis=1)
    assert n_changed.min() >= 1
    assert ((rows != children) & both).sum(axis=1).max() == 3
    epsilon = [parameter.key for parameter in SPACE.parameters].index("epsilon")
    assert (rows[:, epsilon] == children[:, epsilon]).all()


def test_draws_follow_priors_as_the_space_does() -> None:
    space = Space(
        {
            "rate": Float(1e-4, 1e-1, log=True, prior=Prior(1e-2, 0.7)),
            "optimizer": Choice(["sgd", "adam", None], prior=Prior("adam", 0.5)),
            "size": Int(16, 256, step=2, log=True, prior=Prior(64, 0.5)),
        }
    )
    rng = np.random.default_rng(3)
    rows = Vectors(space).draw(4000, rng)
    drawn = np.stack([space.encode(space.sample(rng)) for _ in range(4000)])
    # Both are means of 4000 draws from [0, 1]; 0.03 is more than four standard errors.
    assert rows.mean(axis=0) == pytest.approx(drawn.mean(axis=0), abs=0.03)
    assert rows.std(axis=0) == pytest.approx(drawn.std(axis=0), abs=0.03)


def test_distances_mean_the_same_for_all_kinds_of_parameters() -> None:
    space = Space(
        {
            "norm": Choice(["none", "batch", "layer"]),
            "bias": Bool(),
            "level": Choice([1, 2, 4], ordered=True),
            "rate": Float(0.0, 0.5),
        }
    )
    vectors = Vectors(space)
    base = {"norm": "none", "bias": False, "level": 1, "rate": 0.0}
    others = [{"norm": "layer"}, {"bias": True}, {"level": 4}, {"rate": 0.5}, {"level": 2}]
    rows = np.stack([vectors.encode({**base, **other}) for other in [{}, *others]])
    features = vectors.features(rows)
    squared = ((features[1:] - features[0]) ** 2).sum(axis=1)
    assert squared == pytest.approx([1.0, 1.0, 1.0, 1.0, 0.25])
    assert vectors.parameter_of.tolist() == [0, 0, 0, 1, 1, 2, 3]


def test_what_is_inactive_makes_no_difference() -> None:
    vectors, rng = Vectors(SPACE), np.random.default_rng(4)
    rows = vectors.draw(50, rng)
    other = np.where(vectors.active(rows), rows, vectors.draw(50, rng))
    assert vectors.features(rows) == pytest.approx(vectors.features(other))


def test_many_values_without_an_order_have_few_features() -> None:
    values = [f"v{number}" for number in range(500)]
    vectors = Vectors(Space({"word": Choice(values)}))
    rows = np.stack([vectors.encode({"word": value}) for value in values])
    features = vectors.features(rows)
    assert features.shape == (500, MOST_ONE_HOT)
    squared = ((features[1:] - features[0]) ** 2).sum(axis=1)
    assert squared.mean() == pytest.approx(1.0, abs=0.1)
    assert squared.min() > 0.2


def test_branches_are_those_of_parents_without_conditions() -> None:
    vectors, rng = Vectors(SPACE), np.random.default_rng(5)
    keys = [SPACE.parameters[column].key for column, _ in vectors.branches()]
    assert keys == ["model", "depth"]
    column, places = vectors.branches()[0]
    for place, model in zip(places, ["cnn", "mlp"], strict=True):
        rows = vectors.pinned(vectors.draw(20, rng), (column, float(place)), rng)
        assert {vectors.decode(row)["model"] for row in rows} == {model}
