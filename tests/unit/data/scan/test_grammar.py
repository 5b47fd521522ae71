"""Does the grammar give the published commands, and do they mean what was published?"""

from __future__ import annotations

from collections import Counter

import pytest

from raysearch.data.scan.grammar import ACTIONS, WORDS, actions, commands
from raysearch.data.scan.space import LONGEST_ANSWER, LONGEST_COMMAND, N_EXAMPLES

EVERYTHING = list(commands())


def short(command):
    """Return what a command means, in the short names of the paper."""
    return " ".join(
        action.removeprefix("I_").replace("TURN_LEFT", "LTURN").replace("TURN_RIGHT", "RTURN")
        for action in actions(command)
    )


@pytest.mark.parametrize(
    ("command", "meaning"),
    [
        # the README of the published files
        ("jump", "JUMP"),
        ("jump left", "LTURN JUMP"),
        ("jump around right", "RTURN JUMP RTURN JUMP RTURN JUMP RTURN JUMP"),
        ("turn left twice", "LTURN LTURN"),
        ("jump thrice", "JUMP JUMP JUMP"),
        ("jump opposite left and walk thrice", "LTURN LTURN JUMP WALK WALK WALK"),
        (
            "jump opposite left after walk around left",
            "LTURN WALK LTURN WALK LTURN WALK LTURN WALK LTURN LTURN JUMP",
        ),
        # by the rules of the paper's figure 7
        (
            "jump around left twice and walk opposite right",
            " ".join(["LTURN JUMP"] * 8 + ["RTURN RTURN WALK"]),
        ),
        ("turn around right", "RTURN RTURN RTURN RTURN"),
        ("turn opposite left thrice", "LTURN LTURN LTURN LTURN LTURN LTURN"),
        ("look right twice after run", "RUN RTURN LOOK RTURN LOOK"),
    ],
)
def test_commands_mean_what_was_published(command, meaning):
    assert command in EVERYTHING
    assert short(command) == meaning


def test_there_are_as_many_as_published_and_none_twice():
    assert len(EVERYTHING) == len(set(EVERYTHING)) == N_EXAMPLES == 20_910
    assert (
        len([c for c in EVERYTHING if "and" not in c.split() and "after" not in c.split()]) == 102
    )
    words = Counter(word for command in EVERYTHING for word in command.split())
    assert set(words) == set(WORDS)
    assert max(len(command.split()) for command in EVERYTHING) == LONGEST_COMMAND == 9


def test_the_longest_meaning_has_48_actions():
    meanings = [actions(command) for command in EVERYTHING]
    assert max(map(len, meanings)) == LONGEST_ANSWER == 48
    assert min(map(len, meanings)) == 1
    assert {action for meaning in meanings for action in meaning} == set(ACTIONS)


def test_a_conjunction_puts_the_halves_together():
    for command in EVERYTHING[102::997]:
        conjunction = "and" if "and" in command.split() else "after"
        first, second = (actions(half) for half in command.split(f" {conjunction} "))
        wanted = first + second if conjunction == "and" else second + first
        assert actions(command) == wanted


@pytest.mark.parametrize(
    "wrong", ["", "turn", "walk up", "jump sideways left", "twice", "walk and"]
)
def test_what_is_no_command_is_refused(wrong):
    with pytest.raises(ValueError, match="is not a command of SCAN"):
        actions(wrong)
