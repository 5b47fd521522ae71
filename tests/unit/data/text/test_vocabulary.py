from __future__ import annotations

import pytest

from raysearch.data.text.vocabulary import Vocabulary, fit_vocabulary, symbols_of
from raysearch.data_spec import UNKNOWN


def fitted(texts, *, level="word", lower=True, max_vocabulary=1000, min_count=1):
    return fit_vocabulary(
        texts, level=level, lower=lower, max_vocabulary=max_vocabulary, min_count=min_count
    )


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("It's  fine,really!!", ["it's", "fine", ",", "really", "!", "!"]),
        ("café 3.5 a_b", ["café", "3", ".", "5", "a_b"]),
        ("don\u2019t", ["don\u2019t"]),
        (" \n\t", []),
    ],
)
def test_words_and_punctuation_marks(text, symbols):
    assert symbols_of(text, level="word", lower=True) == symbols


def test_the_most_frequent_come_first_and_ties_by_name():
    vocabulary = fitted(["b a c", "c b", "c d"])
    assert vocabulary.symbols == ("c", "b", "a", "d")
    assert vocabulary.numbers("a b z").tolist() == [UNKNOWN + 3, UNKNOWN + 2, UNKNOWN]
    assert vocabulary.size == UNKNOWN + 1 + 4


def test_cap_and_least_count_make_the_rest_unknown():
    texts = ["a a a b b c", "a b"]
    assert fitted(texts, min_count=2).symbols == ("a", "b")
    assert fitted(texts, max_vocabulary=1).symbols == ("a",)
    assert fitted(texts, max_vocabulary=1).numbers("b a").tolist() == [UNKNOWN, UNKNOWN + 1]


def test_capital_letters_may_matter():
    assert fitted(["A a"], lower=False).symbols == ("A", "a")
    assert fitted(["A a"]).symbols == ("a",)


def test_characters_and_bytes():
    assert fitted(["ab a"], level="character").symbols == ("a", " ", "b")
    of_bytes = fitted(["anything"], level="byte")
    assert of_bytes.size == 260
    assert of_bytes.numbers("é").tolist() == [0xC3 + 4, 0xA9 + 4]
    assert of_bytes.numbers("\x00\uffff").min() == 4  # no byte is a padding


@pytest.mark.parametrize("level", ["word", "character", "byte"])
def test_rows_are_cut_and_padded_with_0(level):
    vocabulary = fitted(["a b c d"], level=level)
    texts = ["a", "a b c d"]
    numbers, lengths = vocabulary.padded(texts, max_length=3, keep="start")
    assert numbers.shape == (2, 3)
    assert lengths.tolist() == [1, 3]
    assert numbers[0, 1:].tolist() == [0, 0]
    assert (numbers[1] > UNKNOWN).all()
    whole = vocabulary.numbers(texts[1])
    assert numbers[1].tolist() == whole[:3].tolist()
    end, _ = vocabulary.padded(texts, max_length=3, keep="end")
    assert end[1].tolist() == whole[-3:].tolist()
    assert end[0].tolist() == numbers[0].tolist()


def test_a_vocabulary_goes_to_json_and_back():
    vocabulary = fitted(["b a c"])
    again = Vocabulary.from_json(vocabulary.to_json())
    assert again == vocabulary
    assert again.numbers("c a").tolist() == vocabulary.numbers("c a").tolist()
