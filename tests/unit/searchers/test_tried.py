"""Are configurations drawn that were not tried, and is it noticed when none is left?"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from raysearch.searchers import tried
from raysearch.searchers.tried import Tried, draw_untried, key
from raysearch.space import Choice, Float, Int, Prior, Space
from raysearch.trial import Configuration, Trial, Value


def test_key_ignores_order_only() -> None:
    assert key({"a": 1, "b": None}) == key({"b": None, "a": 1})
    assert key({"a": 1}) != key({"a": 2})
    assert key({"a": 1}) != key({"b": 1})
    assert key({"a": 1}) != key({"a": 1, "b": None})


def trial(number: int, configuration: Configuration) -> Trial:
    return Trial(id=str(number), number=number, configuration=configuration)


def test_a_configuration_was_tried_whether_its_trial_has_ended_or_not() -> None:
    known = Tried()
    known.add(trial(0, {"a": 0}))
    known.set_pending([trial(1, {"a": 1}), trial(2, {"a": 2})])
    assert [key({"a": a}) in known for a in range(4)] == [True, True, True, False]
    assert [known.has_ended(key({"a": a})) for a in range(3)] == [True, False, False]
    assert len(known) == 3


def test_those_pending_are_those_told_last() -> None:
    known = Tried()
    known.set_pending([trial(1, {"a": 1})])
    known.set_pending([trial(1, {"a": 5})])  # another search's trial with the same id
    assert key({"a": 1}) not in known
    assert key({"a": 5}) in known
    known.add(trial(1, {"a": 5}))
    known.set_pending([])
    assert key({"a": 5}) in known
    assert len(known) == 1


class Counted(dict[str, Value]):
    """A configuration that counts how often its key is made."""

    n_made = 0

    def items(self) -> Any:
        self.n_made += 1
        return super().items()


def test_the_key_of_a_pending_trial_is_made_once() -> None:
    known, configuration = Tried(), Counted(a=1)
    for _ in range(10):
        known.set_pending([trial(1, configuration)])
    known.add(trial(1, configuration))
    assert configuration.n_made == 1


def test_first_draw_is_taken_if_it_is_new() -> None:
    space = Space({"x": Float(0.0, 1.0)})
    expected = space.sample(np.random.default_rng(5))
    assert draw_untried(space, np.random.default_rng(5), tried=set()) == expected


def test_last_ones_left_are_found_with_equal_chances() -> None:
    space = Space({"a": Int(0, 9), "b": Int(0, 9)})
    left = [{"a": 0, "b": 1}, {"a": 5, "b": 9}, {"a": 9, "b": 0}]
    others = {key(c) for c in space.grid()} - {key(c) for c in left}
    counts = Counter[tuple[object, ...]]()
    for seed in range(300):
        drawn = draw_untried(space, np.random.default_rng(seed), tried=others)
        assert drawn is not None
        counts[tuple(drawn.values())] += 1
    assert set(counts) == {tuple(c.values()) for c in left}
    # 300 draws, each with a chance of 1/3: a standard deviation is 8.2, and this is five of them.
    assert all(abs(count - 100) < 41 for count in counts.values())


def test_none_when_all_were_tried() -> None:
    space = Space({"a": Int(0, 9)})
    all_of_it = {key(c) for c in space.grid()}
    assert draw_untried(space, np.random.default_rng(0), tried=all_of_it) is None
    strangers = all_of_it | {key({"a": n}) for n in range(10, 100)}
    assert draw_untried(space, np.random.default_rng(0), tried=strangers) is None


def test_huge_space_whose_prior_was_used_up_is_not_enumerated() -> None:
    confident = Prior(0, 0.999999)  # all draws are 0
    space = Space({"a": Int(0, 2**30, prior=confident), "b": Int(0, 2**30, prior=confident)})
    drawn = draw_untried(space, np.random.default_rng(0), tried={key({"a": 0, "b": 0})})
    assert drawn is not None
    assert drawn != {"a": 0, "b": 0}
    assert space.contains(drawn)


def test_more_are_enumerated_than_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tried, "N_ENUMERATED", 1)
    space = Space({"a": Int(0, 9)})
    done = {key({"a": n}) for n in range(9)}
    assert draw_untried(space, np.random.default_rng(1), tried=done) == {"a": 9}


def test_infinite_space_with_a_finite_part_that_is_used_up() -> None:
    models = {"a": Space({}), "b": Space({"x": Float(0.0, 1.0)})}
    space = Space({"model": Choice(models, prior=Prior("a", 0.5))})
    drawn = [
        draw_untried(space, np.random.default_rng(seed), tried={key({"model": "a"})})
        for seed in range(50)
    ]
    assert all(c is not None and c["model"] == "b" for c in drawn)


def test_repeats_where_an_infinite_space_hardly_ever_gives_anything_else() -> None:
    models = {"a": Space({}), "b": Space({"x": Float(0.0, 1.0)})}
    space = Space({"model": Choice(models, prior=Prior("a", 1 - 1e-12))})
    drawn = draw_untried(space, np.random.default_rng(0), tried={key({"model": "a"})})
    assert drawn == {"model": "a"}
