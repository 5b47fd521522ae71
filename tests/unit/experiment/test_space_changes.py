"""Which changes of a space leave the trials so far valid: a table of before, after, expected."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.experiment.space_changes import Standing, fit, outside_note, space_faults
from raysearch.space import Bool, Choice, Fixed, Float, Int, Space
from raysearch.trial import Trial, TrialStatus, trial_id

SGD = {"optimizer": ["sgd"]}


def trials_of(*configurations, status=TrialStatus.COMPLETED):
    return [
        Trial(id=trial_id(n), number=n, configuration=c, status=status)
        for n, c in enumerate(configurations)
    ]


def drawn(space, n=30):
    rng = np.random.default_rng(0)
    return trials_of(space.default(), *(space.sample(rng) for _ in range(n - 1)))


def base(**changes):
    """The space that all changes start from, with some parameters replaced."""
    domains = {
        "width": Int(8, 64),
        "rate": Float(1e-3, 1e-1, log=True),
        "norm": Choice(["none", "batch"]),
        "bias": Bool(),
        "depth": Fixed(2),
        "optimizer": Choice(["adam", "sgd"]),
        "momentum": Float(0.0, 0.9, when=SGD),
        **changes,
    }
    return Space({key: domain for key, domain in domains.items() if domain is not None})


USED = {
    # what was changed: (the new space, whether no trial lies outside)
    "nothing": (base(), True),
    "wider": (base(width=Int(4, 128)), True),
    "narrower": (base(width=Int(8, 16)), False),
    "elsewhere": (base(width=Int(100, 200)), False),
    "on a step": (base(width=Int(8, 64, step=8)), False),
    "log": (base(width=Int(8, 64, log=True)), True),
    "default": (base(width=Int(8, 64, default=9)), True),
    "int to float": (base(width=Float(8.0, 64.0)), True),
    "float to int": (base(rate=Int(1, 2)), False),
    "int to choice": (base(width=Choice(list(range(8, 65)))), True),
    "an option more": (base(norm=Choice(["none", "batch", "layer"])), True),
    "an option less": (base(norm=Choice(["none"])), False),
    "options in another order": (base(norm=Choice(["batch", "none"], ordered=True)), True),
    "all options": (base(norm=Choice(["layer", "group"])), False),
    "null beside numbers": (base(norm=Choice([None, 1])), False),
    "range to a value": (base(width=Fixed(32)), False),
    "value to a range that holds it": (base(depth=Int(1, 4)), True),
    "value to a range that does not": (base(depth=Int(3, 4)), False),
    "bool to choice": (base(bias=Choice([True, False])), True),
    "bool to a value": (base(bias=Fixed(False)), False),
    "a parent's option, with what depends on it": (
        base(optimizer=Fixed("adam"), momentum=None),
        False,
    ),
    "an option with a parameter of its own": (
        base(
            optimizer=Choice(["adam", "sgd", "lion"]),
            beta=Float(0.0, 1.0, when={"optimizer": ["lion"]}),
        ),
        True,
    ),
}


@pytest.mark.parametrize("change", USED)
def test_evidence_stays_valid(change):
    new, all_inside = USED[change]
    trials = drawn(base())
    assert space_faults(new, old=base(), trials=trials) == []
    inside = [new.contains(trial.configuration) for trial in trials]
    assert all(inside) is all_inside
    assert (outside_note(new, trials=trials) == "") is all_inside


REFUSED = {
    "a new parameter": (
        base(layers=Int(1, 3)),
        [
            "space.layers is a new parameter, and 30 of 30 trials (0000, 0001, 0002 and 27 more) "
            "do not say which value of it was trained with. Take it out again, or start a new "
            "search with it."
        ],
    ),
    "a new parameter of an old option": (
        base(beta=Float(0.0, 1.0, when={"optimizer": ["adam"]})),
        ["space.beta is a new parameter, and "],
    ),
    "a parameter that is gone": (
        base(bias=None),
        ["space.bias is not a parameter any more, and 30 of 30 trials"],
    ),
    "a value that is gone": (base(depth=None), ["as in space.depth=2; or start a new search."]),
    "a condition that is gone": (
        base(momentum=Float(0.0, 0.9)),
        ["space.momentum has another condition, under which it is active in "],
    ),
    "a new condition": (
        base(rate=Float(1e-3, 1e-1, log=True, when=SGD)),
        ["space.rate has another condition, and "],
    ),
    "number to text": (
        base(width=Choice(["small", "large"])),
        [
            "space.width would be small, large, and in all trials so far it was a number, such as "
            "36, which means nothing there."
        ],
    ),
    "text to number": (base(norm=Int(1, 2)), ["in all trials so far it was a text, such as none"]),
    "bool to number": (base(bias=Int(0, 1)), ["it was true or false, such as False"]),
    "number to bool": (base(depth=Bool()), ["it was a number, such as 2"]),
    "several at once": (
        base(layers=Int(1, 3), bias=None, norm=Int(1, 2)),
        [
            "space.layers is a new parameter",
            "space.bias is not a parameter any more",
            "space.norm would be 1 to 2",
        ],
    ),
    "two unclear ones": (
        base(layers=Int(1, 3), bias=None),
        ["space.layers is a new parameter", "space.bias is not a parameter any more"],
    ),
}


@pytest.mark.parametrize("change", REFUSED)
def test_what_the_trials_do_not_say_is_refused_with_the_reason(change):
    new, expected = REFUSED[change]
    faults = space_faults(new, old=base(), trials=drawn(base()))
    assert len(faults) == len(expected)
    for fault, part in zip(faults, expected, strict=True):
        assert part in fault


def test_without_trials_there_is_no_evidence_to_be_wrong():
    for new, _ in REFUSED.values():
        assert space_faults(new, old=base(), trials=[]) == []
        assert outside_note(new, trials=[]) == ""


def test_a_new_option_is_clear_only_while_no_trial_had_it():
    """The same change, before and after trials were trained with the option."""
    old = Space({"optimizer": Choice(["adam", "sgd"])})
    new = Space({"optimizer": Choice(["adam", "sgd"]), "momentum": Float(0.0, 0.9, when=SGD)})
    assert space_faults(new, old=old, trials=trials_of({"optimizer": "adam"})) == []
    trials = trials_of({"optimizer": "adam"}, {"optimizer": "sgd"})
    [fault] = space_faults(new, old=old, trials=trials)
    assert "1 of 2 trials (0001) does not say which value" in fault


def test_trials_come_back_inside_when_the_space_is_wide_again():
    trials = drawn(base())
    narrow = base(optimizer=Fixed("adam"), momentum=None)
    assert outside_note(narrow, trials=trials) != ""
    assert space_faults(base(), old=narrow, trials=trials) == []
    assert outside_note(base(), trials=trials) == ""


def test_null_goes_with_every_kind():
    old = Space({"hidden": Choice([None, 8])})
    new = Space({"hidden": Choice(["auto"])})
    assert space_faults(new, old=old, trials=trials_of({"hidden": None})) == []
    assert "means nothing there" in space_faults(new, old=old, trials=trials_of({"hidden": 8}))[0]


def test_mixed_kinds_that_are_left_in_part_are_used():
    old, new = Space({"hidden": Choice(["auto", 8])}), Space({"hidden": Int(1, 9)})
    assert space_faults(new, old=old, trials=trials_of({"hidden": "auto"}, {"hidden": 8})) == []


def test_inside_is_what_the_space_itself_calls_legal():
    """100 random trials against every space of the tables: no draw decides, they agree always."""
    spaces = [new for new, _ in (*USED.values(), *REFUSED.values())]
    for trial in drawn(base(), n=100):
        for space in spaces:
            found = fit(space, trial.configuration).standing is Standing.INSIDE
            assert found is space.contains(trial.configuration)


def test_the_note_counts_names_and_says_what_becomes_of_them():
    space = Space({"width": Int(10, 99)})
    trials = trials_of(*({"width": width} for width in range(5, 15)))
    assert outside_note(space, trials=trials) == (
        "5 of 10 trials lie outside the new space (0000, 0001, 0002 and 2 more): they are kept and "
        "may still win, and the searcher is not told of them"
    )
    live = trials_of({"width": 1}, {"width": 2}, {"width": 20}, status=TrialStatus.INTERRUPTED)
    assert outside_note(space, trials=live).endswith("; 2 of them have not ended, and go on")
