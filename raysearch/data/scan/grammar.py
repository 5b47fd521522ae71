"""Which commands are there in SCAN, and which actions does each one mean?

The grammar, of which each command has one derivation:

    C -> S and S | S after S | S
    S -> V twice | V thrice | V
    V -> D opposite | D around | D | U,   where "opposite" and "around" stand before the direction
    D -> U left | U right | turn left | turn right
    U -> walk | look | run | jump

References:
    Lake and Baroni, "Generalization without Systematicity: On the Compositional Skills of
    Sequence-to-Sequence Recurrent Networks", ICML 2018; figures 1, 6 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator

_VERBS = ("walk", "look", "run", "jump")
_DIRECTIONS = ("left", "right")
_TIMES = {"twice": 2, "thrice": 3}

WORDS = (*_VERBS, "turn", *_DIRECTIONS, "opposite", "around", *_TIMES, "and", "after")
"""Every word of a command."""

ACTIONS = ("I_WALK", "I_LOOK", "I_RUN", "I_JUMP", "I_TURN_LEFT", "I_TURN_RIGHT")
"""Every action, by the names of the published files."""

_OF_VERB = dict(zip(_VERBS, ACTIONS, strict=False))
_OF_DIRECTION = dict(zip(_DIRECTIONS, ACTIONS[-2:], strict=True))


def commands() -> Iterator[str]:
    """Yield every command once, always in the same order: 20,910 of them.

    Example:
        >>> all_of_them = list(commands())
        >>> len(all_of_them), len(set(all_of_them)), all_of_them[0], all_of_them[-1]
        (20910, 20910, 'walk', 'turn around right thrice after turn around right thrice')
    """
    single = list(_sentences())
    yield from single
    for conjunction in ("and", "after"):
        for first in single:
            for second in single:
                yield f"{first} {conjunction} {second}"


def actions(command: str) -> list[str]:
    """Return the actions that a command means.

    Args:
        command: One of `commands()`.

    Raises:
        ValueError: It is none.

    Example:
        >>> actions("jump left and walk twice")
        ['I_TURN_LEFT', 'I_JUMP', 'I_WALK', 'I_WALK']
        >>> actions("walk twice after turn opposite right")
        ['I_TURN_RIGHT', 'I_TURN_RIGHT', 'I_WALK', 'I_WALK']
    """
    try:
        return _of_command(command.split())
    except (IndexError, KeyError) as error:
        raise ValueError(f"{command!r} is not a command of SCAN.") from error


def _sentences() -> Iterator[str]:
    """Yield what the grammar calls S: 102 of them."""
    for phrase in _phrases():
        yield phrase
        for times in _TIMES:
            yield f"{phrase} {times}"


def _phrases() -> Iterator[str]:
    """Yield what the grammar calls V: 34 of them."""
    yield from _VERBS
    for verb in (*_VERBS, "turn"):
        for direction in _DIRECTIONS:
            yield f"{verb} {direction}"
            yield f"{verb} opposite {direction}"
            yield f"{verb} around {direction}"


def _of_command(words: list[str]) -> list[str]:
    for place, word in enumerate(words):
        if word in ("and", "after"):
            first, second = _of_sentence(words[:place]), _of_sentence(words[place + 1 :])
            return first + second if word == "and" else second + first
    return _of_sentence(words)


def _of_sentence(words: list[str]) -> list[str]:
    if words[-1] in _TIMES:
        return _of_phrase(words[:-1]) * _TIMES[words[-1]]
    return _of_phrase(words)


def _of_phrase(words: list[str]) -> list[str]:
    verb = words[0]
    done = [] if verb == "turn" else [_OF_VERB[verb]]
    if len(words) == 1:
        return [_OF_VERB[verb]]
    turn = [_OF_DIRECTION[words[-1]]]
    if len(words) == 2:
        return turn + done
    if words[1:-1] == ["opposite"]:
        return turn * 2 + done
    if words[1:-1] == ["around"]:
        return (turn + done) * 4
    raise KeyError(words[1])
