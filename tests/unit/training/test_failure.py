"""Does a failure name the line that a person has to look at?"""

from __future__ import annotations

import importlib
import linecache
import re
import subprocess
import sys
import textwrap

import pytest
import torch

from raysearch.training import failure
from raysearch.training.failure import describe_failure
from raysearch.training.fit import train
from tests.unit.training.plain_job import job_of


@pytest.fixture
def users_module(tmp_path, monkeypatch):
    """Return a function that makes a module of a user's project."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(source, *, name="nets"):
        package = tmp_path / "my_project"
        package.mkdir(exist_ok=True)
        (package / f"{name}.py").write_text(textwrap.dedent(source))
        linecache.clearcache()
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, f"my_project.{name}", raising=False)
        return importlib.import_module(f"my_project.{name}")

    yield make
    for loaded in [m for m in sys.modules if m.split(".")[0] == "my_project"]:
        del sys.modules[loaded]


def caught(function, *arguments, **more):
    with pytest.raises(BaseException) as info:
        function(*arguments, **more)
    return info.value


def failure_of(function, *arguments):
    return describe_failure(caught(function, *arguments))


def test_the_line_of_the_user_is_named_not_the_one_in_torch(users_module):
    nets = users_module(
        """
        import torch

        class Net(torch.nn.Module):
            def forward(self, x):
                return torch.nn.functional.linear(x, torch.zeros(3, 5))
        """
    )
    failure = failure_of(nets.Net(), torch.zeros(2, 4))
    assert failure.cause == "exception"
    assert failure.summary.startswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied")
    assert failure.summary.endswith("(my_project/nets.py, line 6, in forward)")
    assert failure.details.startswith("Traceback (most recent call last):")
    assert "nn/modules/module.py" in failure.details


def test_only_the_first_line_of_a_message_is_in_the_summary(users_module):
    nets = users_module(
        """
        def fail():
            raise ValueError("width is 0\\nand a lot more")
        """
    )
    failure = failure_of(nets.fail)
    assert failure.summary == "ValueError: width is 0 (my_project/nets.py, line 3, in fail)"
    assert "and a lot more" in failure.details


def test_an_exception_without_a_message(users_module):
    nets = users_module("def fail():\n    raise KeyError\n")
    assert failure_of(nets.fail).summary == "KeyError (my_project/nets.py, line 2, in fail)"


def test_a_fault_in_a_built_in_family_names_the_familys_line():
    from raysearch.data import splits

    error = caught(splits.split_sizes, 10, validation=2, test=0.1)
    error.__traceback__ = error.__traceback__.tb_next  # without the frame of this test
    summary = describe_failure(error).summary
    assert summary.startswith("ConfigurationError: data.validation is 2.")
    assert re.search(r"\(raysearch/data/splits.py, line \d+, in split_sizes\)$", summary)


def test_a_removed_working_directory_does_not_hide_the_failure(users_module, tmp_path, monkeypatch):
    nets = users_module("def fail():\n    raise KeyError('width')\n")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert failure_of(nets.fail).summary.endswith("(my_project/nets.py, line 2, in fail)")


def test_an_exception_that_cannot_be_shown_is_still_named():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    assert describe_failure(Broken()).summary.endswith("Broken")


def test_a_fault_while_importing_names_the_users_line(users_module):
    failure = failure_of(users_module, "import a_package_that_does_not_exist\n")
    assert failure.summary == (
        "ModuleNotFoundError: No module named 'a_package_that_does_not_exist' "
        "(my_project/nets.py, line 1, in <module>)"
    )


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        MemoryError(),
    ],
)
def test_running_out_of_memory_is_a_cause_of_its_own(error):
    assert describe_failure(error).cause == "out of memory"


def test_a_message_about_memory_of_another_kind_is_not():
    assert describe_failure(ValueError("out of memory of me")).cause == "exception"


def test_an_exception_that_was_never_raised_has_no_place():
    assert describe_failure(ValueError("no")).summary == "ValueError: no"


def test_it_loads_no_torch():
    code = (
        "import sys, raysearch.training.failure, raysearch.training.job, raysearch.training.log, "
        "raysearch.training.warmup, raysearch.training.run, raysearch.training.namespace\n"
        "print([m for m in ('torch', 'pytorch_lightning', 'ray', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def failing(users_module, tmp_path, *, place, namespace):
    """Return the failure of a trial whose model, data or callback raises in its line 3."""
    body = {
        "model": "    def training_step(self, batch, index):\n        raise ValueError('mine')\n",
        "data": "    def val_dataloader(self):\n        raise ValueError('mine')\n",
        "callback": "    def on_train_epoch_end(self, *_):\n        raise ValueError('mine')\n",
    }[place]
    tests = "tests.nets" if namespace == "pytorch_lightning" else "tests.other_nets"
    base = {
        "model": f"{tests} import Net as Base",
        "data": f"{tests} import Data as Base",
        "callback": f"{namespace}.callbacks import Callback as Base",
    }[place]
    users_module(f"from {base}\nclass Mine(Base):\n{body}")
    classes = {"model": f"{tests}:Net", "data": f"{tests}:Data", place: "my_project.nets:Mine"}
    callbacks = [{"class": "my_project.nets:Mine"}] if place == "callback" else []
    job = job_of(
        tmp_path,
        model=classes["model"],
        data=classes["data"],
        trainer_arguments={"callbacks": callbacks},
    )
    return failure_of(lambda: train(job, report=lambda report: True))


@pytest.mark.parametrize("namespace", ["pytorch_lightning", "lightning.pytorch"])
@pytest.mark.parametrize("place", ["model", "data", "callback"])
def test_a_fault_in_a_fit_names_the_users_line(users_module, tmp_path, place, namespace):
    found = failing(users_module, tmp_path, place=place, namespace=namespace)
    assert found.summary.startswith("ValueError: mine (my_project/nets.py, line 4, in ")


def test_a_package_that_is_installed_is_named_before_torch(tmp_path, monkeypatch):
    packages = tmp_path / "site-packages"
    (packages / "nets_elsewhere").mkdir(parents=True)
    source = "import torch\ndef fail():\n    torch.nn.Linear(2, 2)(torch.zeros(3))\n"
    (packages / "nets_elsewhere" / "__init__.py").write_text(source)
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setattr("raysearch.training.failure._PACKAGES", (packages.resolve(),))
    monkeypatch.setattr(
        "raysearch.training.failure._LIBRARIES", (*failure._LIBRARIES, packages.resolve())
    )
    importlib.invalidate_caches()
    error = caught(importlib.import_module("nets_elsewhere").fail)
    error.__traceback__ = error.__traceback__.tb_next  # without the frame of this test
    assert "(nets_elsewhere/__init__.py, line 3, in fail)" in describe_failure(error).summary


def test_a_project_with_the_environment_inside_is_the_users(users_module, tmp_path, monkeypatch):
    """The usual place of a virtual environment: in the project's folder, which is the cwd."""
    monkeypatch.chdir(tmp_path)
    library = tmp_path / ".venv" / "lib" / "site-packages"
    monkeypatch.setattr("raysearch.training.failure._LIBRARIES", (library,))
    nets = users_module("def fail():\n    raise KeyError('width')\n")
    assert failure_of(nets.fail).summary.endswith("(my_project/nets.py, line 2, in fail)")


def test_a_working_directory_that_was_removed_hides_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "removed"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(ValueError, match="no such width") as raised:
        exec(compile("raise ValueError('no such width')", "cell.py", "exec"))
    assert describe_failure(raised.value).summary == (
        "ValueError: no such width (cell.py, line 1, in <module>)"
    )


def test_a_want_of_memory_is_told_with_its_numbers_and_the_batch_size():
    text = (
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.15 GiB "
        "of which 1.25 GiB is free. Including non-PyTorch memory, this process has 77.89 GiB in use"
    )
    told = describe_failure(torch.OutOfMemoryError(text), batch_size=64).summary
    assert told == (
        "OutOfMemoryError: 2.00 GiB asked for, 1.25 GiB of 79.15 GiB free, at batch size 64"
    )
    assert describe_failure(MemoryError("12 GB"), batch_size=8).summary == (
        "MemoryError: 12 GB, at batch size 8"
    )


def test_a_lost_connection_to_another_rank_is_a_cause_of_its_own():
    text = "[/x/third_party/gloo/gloo/transport/tcp/pair.cc:537] Read error [127.0.0.1]:6023"
    assert describe_failure(RuntimeError(text)).cause == "lost contact"
    assert describe_failure(torch.distributed.DistNetworkError("gone")).cause == "lost contact"
    assert describe_failure(ValueError(text)).cause == "exception"
