"""Is it told which file cannot be read, by the argument that names it?"""

from __future__ import annotations

import hashlib
import os

import pytest

from raysearch.data import files
from raysearch.data.files import Fingerprint, Source, fingerprint_of, sources_of
from raysearch.errors import ConfigurationError


def test_a_file_is_told_by_its_argument(tmp_path):
    source = Source(path=str(tmp_path / "none"), argument="test_path", kinds="TSV")
    for read in (source.content, source.digest, source.text):
        with pytest.raises(ConfigurationError) as caught:
            read()
        assert caught.value.faults == (
            f"test_path is {tmp_path / 'none'}, which cannot be read (No such file or directory). "
            "Give the path of a TSV file; a relative one starts at the working directory.",
        )


@pytest.mark.parametrize("read", [Source.content, Source.digest, Source.text])
def test_what_never_ends_is_not_read(read):
    with pytest.raises(ConfigurationError, match="path is /dev/zero, a pipe or a device"):
        read(Source(path="/dev/zero"))


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ConfigurationError, match="which cannot be read \\(Is a directory\\)"):
        Source(path=str(tmp_path)).digest()


def test_text_is_utf_8_with_or_without_a_mark_and_else_refused_with_the_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfa\xc3\xa9\n")
    assert Source(path=str(path)).text() == "aé\n"
    path.write_bytes(b"a\nb\nc \xe9\n")
    with pytest.raises(ConfigurationError, match="whose line 3 is not UTF-8"):
        Source(path=str(path)).text()


def test_a_fingerprint_is_of_the_content_and_of_what_each_file_is_for(tmp_path):
    paths = {name: str(tmp_path / name) for name in "abc"}
    for name, path in paths.items():
        (tmp_path / name).write_text("x" if name == "c" else name)
        os.utime(path, ns=(1, 1))

    def of(**files):
        named = {argument: paths[name] for argument, name in files.items()}
        return fingerprint_of(sources_of({"none": None, **named}).values()).value

    assert of(path="a", test_path="b") == of(path="a", test_path="b")
    (tmp_path / "c").write_text("a")
    os.utime(paths["c"], ns=(2, 2))
    assert of(path="a") == of(path="c") != of(path="b")
    different = {of(path="a"), of(path="a", test_path="b"), of(path="a", validation_path="b")}
    assert len(different) == 3


def test_a_file_that_has_changed_is_refused():
    now = Fingerprint(value="1" * 16, path="/a.csv", argument="test_fingerprint")
    now.check(None)
    now.check("1" * 16)
    with pytest.raises(ConfigurationError, match=r"^test_fingerprint is 2, but that of /a\.csv"):
        now.check("2")


def test_a_large_file_is_read_once_on_a_node_until_it_changes(tmp_path, monkeypatch):
    read, really_read = [], files._read_digest

    def read_digest(path):
        read.append(path)
        return really_read(path)

    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(files, "_read_digest", read_digest)
    monkeypatch.setattr(files, "_LARGE_BYTES", 3)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")
    digests = []
    for _ in range(2):
        files._digest.cache_clear()  # as in another process
        digests.append(Source(path=str(path)).digest())
    assert digests[0] == digests[1] == hashlib.sha256(b"a,b\n").hexdigest()
    assert len(read) == 1
    path.write_text("a,c\n")
    assert Source(path=str(path)).digest() == hashlib.sha256(b"a,c\n").hexdigest()
