"""Are pairs from files read, split and numbered as they should be, and bad files refused?"""

from __future__ import annotations

import json
import os

import pytest
import torch

from raysearch.data.pairs import space
from raysearch.data.pairs.module import Data
from raysearch.data.pairs.preparing import PREPARATION
from raysearch.data_spec import END, UNKNOWN
from raysearch.errors import ConfigurationError

GOOD = [(f"say {n}", f"{n} said") for n in range(20)]


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file, TSV rows or JSON values or text, and gives its path."""

    def write(rows, *, name="pairs.txt"):
        path = tmp_path / name
        if isinstance(rows, bytes):
            path.write_bytes(rows)
        elif isinstance(rows, str):
            path.write_text(rows, encoding="utf-8")
        else:
            lines = [json.dumps(r) if isinstance(r, dict) else "\t".join(r) for r in rows]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(path)

    return write


def texts(data, split):
    """Return the pairs of a split as texts."""
    inputs, lengths, targets = getattr(data, f"{split}_dataloader")().tensors
    sources = [
        data.source.written(row[:length], level=data.arguments.level)
        for row, length in zip(inputs.tolist(), lengths.tolist(), strict=True)
    ]
    return list(zip(sources, data.decoded(targets), strict=True))


def known(rows):
    """Return rows that are all in the vocabulary whatever the split."""
    return [(f"{a} x", f"{b} y") for a, b in rows]


LETTERS = known([("abc"[n % 3], "de"[n % 2]) for n in range(40)])


def test_tsv_and_json_lines_are_the_same(file):
    tsv = Data(batch_size=4, path=file(LETTERS))
    named = file([("to", "id", "from"), *((b, "7", a) for a, b in LETTERS)], name="named.tsv")
    lines = file([{"source": a, "target": b, "n": 1} for a, b in LETTERS], name="pairs.jsonl")
    other = file([{"en": a, "fr": b} for a, b in LETTERS], name="keys.jsonl")
    for again in (
        Data(batch_size=4, path=named, source="from", target="to"),
        Data(batch_size=4, path=lines),
        Data(batch_size=4, path=other, source="en", target="fr"),
    ):
        for split in ("train", "val", "test"):
            assert texts(again, split) == texts(tsv, split)
    everything = [pair for split in ("train", "val", "test") for pair in texts(tsv, split)]
    assert sorted(everything) == sorted(LETTERS)


def test_windows_files_are_the_same(file):
    plain = Data(batch_size=4, path=file(LETTERS))
    content = "\ufeff" + "".join(f"{a}\t{b}\r\n" for a, b in LETTERS) + "\r\n"
    windows = Data(batch_size=4, path=file(content.encode(), name="windows.txt"))
    assert texts(windows, "train") == texts(plain, "train")


@pytest.mark.parametrize(
    ("level", "symbols"), [("word", ["na", "na"]), ("character", list("na na")), ("byte", "na na")]
)
def test_levels(file, level, symbols):
    data = Data(batch_size=4, path=file([("na na", "né")] * 20), level=level)
    assert data.spec.input_shape == (len(symbols),)
    assert data.spec.target_length == {"word": 1, "character": 2, "byte": 3}[level] + 1
    assert texts(data, "test")[0] == ("na na", "né")


def test_half_a_surrogate_pair_is_a_question_mark_in_bytes(file):
    rows = [{"source": "a\ud800", "target": "x"}] * 20
    data = Data(batch_size=4, path=file(rows, name="pairs.jsonl"), level="byte")
    assert texts(data, "test")[0] == ("a?", "x")


def test_a_vocabulary_has_the_most_frequent_symbols_of_training_first(file):
    rows = [("a a b", "p")] * 10 + [("b c", "q")] * 3
    train, few = file(rows), file([("z a", "p")], name="few.tsv")
    paths = {"path": train, "validation_path": few, "test_path": few}
    data = Data(batch_size=4, **paths)
    assert data.source.symbols == ("a", "b", "c")
    assert data.spec.vocabulary == UNKNOWN + 1 + 3
    assert data.test_dataloader().tensors[0].tolist() == [[UNKNOWN, UNKNOWN + 1, 0]]
    assert Data(batch_size=4, **paths, max_symbols=6).source.symbols == ("a", "b")
    assert Data(batch_size=4, **paths, min_count=4).source.symbols == ("a", "b")
    assert "min_count is 99, and no symbol of a source" in _fault(**paths, min_count=99)


def test_targets_end_and_are_padded(file):
    paths = dict.fromkeys(
        ("path", "validation_path", "test_path"), file([("a", "p"), ("b c", "p p")])
    )
    inputs, lengths, targets = Data(batch_size=4, **paths).val_dataloader().tensors
    assert (inputs != 0).sum(1).tolist() == lengths.tolist() == [1, 2]
    assert targets.tolist() == [[UNKNOWN + 1, END, 0], [UNKNOWN + 1, UNKNOWN + 1, END]]


def test_files_are_splits_of_their_own(file):
    train, test = file(LETTERS), file(known([("c", "e")]), name="test.tsv")
    data = Data(batch_size=4, path=train, test_path=test)
    assert texts(data, "test") == known([("c", "e")])
    assert len(texts(data, "train")) == 32
    assert len(texts(data, "val")) == 8
    drawn = sorted(texts(data, "train") + texts(data, "val"))
    assert drawn == sorted(LETTERS)


def _fault(**arguments):
    with pytest.raises(ConfigurationError) as error:
        space.check_arguments(arguments)
    return "\n".join(error.value.faults)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            ("", "said"),
            "line 6 has an empty source. Mend or take out the line, or write `empty: drop`",
        ),
        (("say", " "), "line 6 has an empty target"),
        (
            ("say",),
            "line 6 has 1 column between tabs, not 2. Mend the line, or name source and target",
        ),
        (("say", "said", "more"), "line 6 has 3 columns between tabs, not 2"),
        (("say " * 9, "said"), "line 6 has a source of 9 symbols, and max_length is 8"),
    ],
)
def test_bad_rows_are_named(file, row, message):
    path = file([*GOOD[:5], row, *GOOD[5:]])
    fault = _fault(path=path, max_length=8)
    assert fault.startswith(f"path is {path}, whose line 6")
    assert message in fault


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"source": "a"}', "line 3 has no 'target'"),
        ('{"source": "a", "tagret": "b"}', "line 3 has no 'target'. Did you mean tagret"),
        ('{"source": "a", "target": 7}', "line 3 has the target 7, no text"),
        ('{"source": null, "target": "b"}', "line 3 has the source None, no text"),
        ('{"source": "a"', "line 3 is not JSON"),
        ('["a", "b"]', 'line 3 is ["a", "b"], no object'),
    ],
)
def test_bad_objects_are_named(file, line, message):
    good = [json.dumps({"source": a, "target": b}) for a, b in GOOD]
    path = file("\n".join([good[0], "", line, *good[1:]]))
    fault = _fault(path=path)
    assert f"path is {path}, whose {message}" in fault


def test_what_should_be_dropped_is_dropped(file):
    path = file([*GOOD, ("", "x"), ("y", ""), ("long " * 9, "x")])
    arguments = {"path": path, "empty": "drop", "too_long": "drop", "max_length": 8}
    data = Data(batch_size=4, **arguments)
    assert sum(len(texts(data, split)) for split in ("train", "val", "test")) == len(GOOD)
    notes = " ".join(space.advice(**arguments))
    assert "2 pairs of path are left out: they have an empty side." in notes
    assert "1 pairs of path are left out: they have a side that is too long." in notes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "which is empty"),
        ("a\tb\n" * 9, "with 9 pairs. At least 10 are needed"),
    ],
)
def test_bad_files_are_named(file, content, message):
    path = file(content)
    assert f"path is {path}, {message}" in _fault(path=path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "path is missing. Give the path"),
        ({"path": 7}, "path is 7. It must be a text"),
        ({"path": "a", "levle": "word"}, "levle is not an argument of pairs. Did you mean level"),
        ({"path": "a", "level": "letter"}, "level is 'letter'. It must be word, character"),
        ({"path": "a", "empty": "skip"}, "empty is 'skip'. It must be refuse, drop"),
        ({"path": "a", "max_length": 0}, "max_length is 0. It must be"),
        ({"path": "a", "source": "en"}, "source is en, and target is missing. Give both"),
        ({"path": "a", "source": "en", "target": "en"}, "source is en, and so is target"),
        ({"path": "a", "test": 0.4, "validation": 0.4}, "leaves less than half"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    assert message in _fault(**arguments)


def test_columns_that_are_not_there_are_refused(file):
    path = file([("english", "french"), *GOOD])
    fault = _fault(path=path, source="english", target="franch")
    assert f"target is franch, and {path} has no column of that name. Did you mean french" in fault
    twice = file([("en", "en"), *GOOD], name="twice.tsv")
    assert "several columns of that name" in _fault(path=twice, source="en", target="fr")


def test_leaks_are_told(file):
    train = file([("a", "p")] * 5 + [("b", "p")] * 15)
    test = file([("a", "p"), ("a", "q"), ("c", "p")], name="test.tsv")
    notes = " ".join(space.advice(path=train, validation_path=train, test_path=test))
    assert (
        f"1 of 3 test pairs are the same as a training one: line 1 of {test} as line 1 of" in notes
    )
    assert (
        "1 of 3 test pairs have the same source, with another target, as a training one: line 2 of "
        f"{test} as line 1 of {train}. What is measured"
    ) in notes
    assert "20 of 20 validation pairs are the same as a training one: line 1 of" in notes
    assert "1 of 3 test pairs have a source with symbols outside the vocabulary" in notes
    assert "1 of 3 test pairs have a target with symbols outside the vocabulary" in notes
    clean = file([("a", "p")], name="clean.tsv")
    paths = {
        "path": file([("b a", "p"), ("b b a", "p p")], name="t"),
        "validation_path": clean,
        "test_path": clean,
    }
    assert space.advice(**paths) == []


def test_one_target_for_all_is_told(file):
    path = file([(f"a {n % 3}", "p q") for n in range(20)])
    (note,) = [note for note in space.advice(path=path) if "nothing to learn" in note]
    assert note.startswith("All 12 training pairs have the target 'p q', as line ")
    assert f" of {path} has." in note


def test_a_line_of_names_alone_is_refused(file):
    path = file([("en", "fr")])
    fault = _fault(path=path, source="en", target="fr")
    assert f"path is {path}, which has a line of names and no other one" in fault


def test_a_file_that_has_changed_is_refused(file):
    path = file(GOOD)
    checked = space.check_arguments({"path": path})
    assert space.data_spec(**checked).n_train == 12
    file([*GOOD, ("more", "words")])
    os.utime(path, ns=(1, 1))
    assert f"fingerprint is {checked['fingerprint']}, but that of {path}" in _fault(**checked)


def test_another_place_with_the_same_content_is_the_same(file, tmp_path):
    first = PREPARATION.settled({"path": file(GOOD)})
    second = PREPARATION.settled({"path": file(GOOD, name="copy.tsv")})
    assert first.fingerprint == second.fingerprint
    assert PREPARATION.about(first).spec == PREPARATION.about(second).spec
    assert len(list((tmp_path / "cache" / "data").glob("pairs-*.npz"))) == 1


def test_new_texts_are_encoded_and_answers_decoded(file):
    data = Data(batch_size=4, path=file(LETTERS))
    inputs, lengths = data.encoded(["x", "a x new"])
    assert lengths.tolist() == [1, 3]
    assert inputs[1, 2] == UNKNOWN
    assert inputs[0].tolist() == [inputs[1, 1], 0, 0]
    symbols = data.test_dataloader().tensors[2][:1]
    assert data.decoded(torch.cat([symbols, torch.zeros_like(symbols)], dim=1)) == [
        texts(data, "test")[0][1]
    ]
    with pytest.raises(ConfigurationError, match="Source 1 is ' ', which has no symbol"):
        data.encoded(["x", " "])


def test_a_checkpoint_of_other_symbols_is_refused(file):
    data = Data(batch_size=4, path=file(LETTERS))
    kept = json.loads(json.dumps(data.state_dict()))
    data.load_state_dict(kept)
    other = Data(batch_size=4, path=file(GOOD, name="other.tsv"))
    with pytest.raises(ConfigurationError, match=r"with .*other\.tsv prepared in another way"):
        other.load_state_dict(kept)
