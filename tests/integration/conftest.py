"""One Ray for all integration tests that can share it, and the command line as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.held import Hold

ROOT = Path(__file__).resolve().parents[2]

SMALL = """\
name: small
seed: 0
data: digits
model: [mlp, cnn]
space:
  mlp.width: {int: [16, 32], default: 32}
  mlp.depth: {int: [1, 2]}
  cnn.width: {choice: [8, 16], default: 8}
  cnn.stages: 1
  cnn.blocks_per_stage: 1
  data.batch_size: {choice: [64, 128], default: 128}
objective: val/accuracy
searcher: hyperopt
scheduler: {name: asha, min_epochs: 1, reduction_factor: 2}
fidelity: {max_epochs: 4}
budget: {trials: 5}
resources: {cpus: 1}
"""

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Lets every port of Ray be on 127.0.0.1 alone, for whoever starts a Ray or joins such a one."""

_SERVER = """\
import os, sys, ray
ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
         _temp_dir=sys.argv[1])
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)


@pytest.fixture(scope="session")
def ray_address(tmp_path_factory) -> Iterator[str]:
    """The address of a Ray with two CPUs, stopped at the end."""
    folder = tmp_path_factory.getbasetemp() / "ray"
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={
            **os.environ,
            **LOOPBACK,
            "RAY_AUTH_MODE": "disabled",  # a token would lie in the user's home
            "PYTHONPATH": str(ROOT),  # for models and data of the tests' own
        },
    )
    assert server.stdin and server.stdout
    try:
        address = server.stdout.readline().strip()
        if not address:  # a raylet ends itself where its agents take longer than it waits for them
            pytest.fail(f"No Ray began; its logs are in {folder / 'session_latest' / 'logs'}.")
        yield address
    finally:
        server.stdin.close()
        server.wait(timeout=30)
        server.stdout.close()


@pytest.fixture
def raysearch(tmp_path):
    """Run `python -m raysearch` in an empty folder."""

    def run(*arguments: object, timeout_s: float = 120) -> Outcome:
        process = subprocess.run(
            [sys.executable, "-m", "raysearch", *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return Outcome(status=process.returncode, out=process.stdout, err=process.stderr)

    return run


@pytest.fixture
def small(tmp_path) -> Path:
    """An experiment that ends in a few seconds."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def hold(tmp_path_factory, monkeypatch) -> Iterator[Hold]:
    """What keeps trials under way; at the end nothing waits for it any more."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for processes that begin in another folder
    hold = Hold(tmp_path_factory.mktemp("hold") / "go")
    yield hold
    hold.let_go()
