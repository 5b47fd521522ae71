"""Does a wrong import path say which part of it is wrong?"""

from __future__ import annotations

import sys

import pytest

from raysearch.errors import ConfigurationError
from raysearch.imports import load_object


def test_a_nested_class_is_found():
    assert load_object("collections:OrderedDict.fromkeys")("a") == {"a": None}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nets.Net", "'nets.Net' is not an import path. Write it as package.module:Class."),
        (":Net", "':Net' is not an import path"),
        (".nets:Net", "'.nets:Net' is not an import path"),
        ("nets:Net.", "'nets:Net.' is not an import path"),
        ("no_such_package.nets:Net", "no package or module no_such_package. Is it installed"),
        ("json.no_such_module:Net", "no module json.no_such_module"),
        ("json.decoder:JSONDecoderr", "no JSONDecoderr in json.decoder. Did you mean JSONDecoder?"),
    ],
)
def test_the_message_says_which_part_is_wrong(path, message):
    with pytest.raises(ConfigurationError) as caught:
        load_object(path)
    assert message in str(caught.value)


def test_a_package_that_the_module_misses_is_not_blamed_on_the_path(tmp_path, monkeypatch):
    (tmp_path / "needy_nets.py").write_text("import a_package_that_does_not_exist\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="a_package_that_does_not_exist"):
        load_object("needy_nets:Net")
    assert "needy_nets" not in sys.modules
