"""Is a full disk told from a fault of the trial?"""

from __future__ import annotations

import errno
import os
import sys

import pytest
import torch

from raysearch.training.checkpoints import add_checkpoint
from raysearch.training.failure import describe_failure
from raysearch.training.fit import train
from raysearch.training.log import printed_to
from tests.small_disk import fill, small_disk
from tests.unit.training.plain_job import job_of


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", kilobytes=256) as folder:
        yield folder


def failure_of(action):
    with pytest.raises(BaseException) as info:
        action()
    return describe_failure(info.value)


def test_a_checkpoint_that_does_not_fit_is_a_full_disk(disk):
    fill(disk, but=4096)
    job = job_of(disk / "0003", model="tests.nets:Net", data="tests.nets:Data")
    failure = failure_of(lambda: train(job, report=lambda report: True))
    assert failure.cause == "disk full"
    assert "No space left on device" in failure.summary
    assert not list((disk / "0003").iterdir())


def test_so_is_one_that_torch_writes_itself(disk):
    content = {"weight": torch.zeros(200_000)}
    failure = failure_of(
        lambda: add_checkpoint(lambda path: torch.save(content, path), directory=disk, epoch=1)
    )
    assert failure.cause == "disk full"
    assert not list(disk.iterdir())


def test_so_is_a_log_that_does_not_fit(disk):
    fill(disk)

    def talk():
        with printed_to(disk / "log.txt"):
            sys.stdout.write("x" * 10_000)

    assert failure_of(talk).cause == "disk full"


def raised_from(error, *, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/cache.bin"),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        OSError("Caught OSError in DataLoader worker 0.\n[Errno 28] No space left on device"),
        RuntimeError("[enforce fail at inline_container] PytorchStreamWriter failed writing file"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"),
        raised_from(ValueError("not saved"), cause=OSError(errno.ENOSPC, "full")),
    ],
)  # fmt: skip
def test_whoever_reports_it_the_cause_is_the_same(error):
    assert describe_failure(error).cause == "disk full"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OSError(errno.EACCES, "no space left on device for you"), "exception"),
        (ValueError("no space left on device"), "exception"),
        (RuntimeError("unable to write to file </torch_7_1>: No space left on device (28)"),
         "out of memory"),
    ],
)  # fmt: skip
def test_what_only_sounds_like_it_is_not(error, cause):
    assert describe_failure(error).cause == cause


def test_an_error_that_leads_to_itself_is_described():
    error, other = ValueError("a"), ValueError("b")
    error.__cause__, other.__cause__ = other, error
    assert describe_failure(error).cause == "exception"
