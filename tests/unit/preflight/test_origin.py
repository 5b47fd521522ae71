"""Whether workers would find the module of a class."""

from __future__ import annotations

import sys

import pytest

from raysearch.preflight import origin
from raysearch.preflight.origin import origin_fault


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder with a module `strange_nets` and a package `strange_package`."""
    folder = tmp_path / "elsewhere"
    (folder / "strange_package").mkdir(parents=True)
    (folder / "strange_package" / "__init__.py").write_text("")
    (folder / "strange_nets.py").write_text("class Net: pass\n")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.mark.parametrize("path", ["strange_nets:Net", "strange_package.nets:Net"])
def test_a_folder_that_only_this_process_looks_into_is_a_fault(elsewhere, path):
    fault = origin_fault(path)
    assert fault.startswith(f"{path} was found in {elsewhere}")
    assert "PYTHONPATH" in fault
    assert "strange_nets" not in sys.modules


def test_the_working_directory_is_fine(elsewhere, monkeypatch):
    monkeypatch.chdir(elsewhere)
    assert origin_fault("strange_nets:Net") == ""


def test_pythonpath_is_fine(elsewhere, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    assert origin_fault("strange_nets:Net") == ""


def test_what_a_new_python_finds_is_fine(elsewhere, monkeypatch, tmp_path):
    """As it finds what is installed to be edited: by a folder that is listed elsewhere."""
    link = tmp_path / "linked"
    link.symlink_to(elsewhere, target_is_directory=True)
    monkeypatch.setenv("PYTHONPATH", str(link / ".." / "linked"))
    assert origin_fault("strange_package:Net") == ""


@pytest.mark.parametrize(
    "path",
    ["torch:Tensor", "json:loads", "sys:path", "object:Net", "no_such_module:Net", "raysearch:Int"],
)
def test_what_is_installed_or_no_matter_of_importing_is_fine(path):
    assert origin_fault(path) == ""


def test_a_class_of_the_running_script_is_a_fault():
    assert "Move it to a module of its own" in origin_fault("__main__:Net")


def test_the_folder_of_the_script_that_runs_is_fine(elsewhere, monkeypatch):
    """Ray tells it to workers, if this process looks there as well."""
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "search.py", raising=False)
    monkeypatch.setattr(sys, "argv", [str(elsewhere / "search.py")])
    assert origin_fault("strange_nets:Net") == ""
    monkeypatch.setattr(sys, "argv", [str(elsewhere / "other" / "search.py")])
    assert origin_fault("strange_nets:Net") != ""


def test_nothing_is_claimed_if_no_new_python_answers_in_time(elsewhere, monkeypatch):
    monkeypatch.setattr(origin, "ANSWER_WITHIN_S", 0.0)
    assert origin_fault("strange_nets:Net") == ""
