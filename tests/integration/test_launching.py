"""A search that is sent to a cluster, for real on loopback, and nodes on which it would fail."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from raysearch.results import Results
from raysearch.trial import SearchStatus
from tests.integration.conftest import LOOPBACK, ROOT

pytest.importorskip("aiohttp_cors", reason="the extra cluster brings Ray's job server")
pytestmark = pytest.mark.timeout(400)  # a head with its dashboard, and processes for each job

JOB = """\
import time
from pathlib import Path

def train(config, report):
    x = 1.0
    for _ in range(2):
        while not Path({gate!r}).exists():
            time.sleep(0.05)
        x -= config["learning_rate"] * 2 * x
        report({{"height": x**2}})
"""
EXPERIMENT = """\
name: hill
model: {function: my_job:train}
space: {learning_rate: {float: [1.0e-3, 1.0], log: true}}
objective: {metric: height, direction: minimize}
searcher: random
scheduler: none
fidelity: {max_epochs: 2}
budget: {trials: 3}
refit: false
"""
NODE = """\
import sys
from ray._private.node import Node
from ray._private.parameter import RayParams
Node(RayParams(gcs_address=sys.argv[1], node_ip_address="127.0.0.1", num_cpus=1),
     head=False, shutdown_at_exit=True)
print("joined", flush=True)
sys.stdin.read()
"""
"""A node on loopback, as `ray.cluster_utils` starts them; `ray start` would ask for the network."""
ENVIRONMENT = {
    **os.environ,
    **LOOPBACK,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "RAY_AUTH_MODE": "disabled",  # a token would lie in the user's home
    "PYTHONUNBUFFERED": "1",
}


def begun(*words: object, cwd: Path, **options) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*map(str, words)], cwd=cwd, env=ENVIRONMENT, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options,
    )  # fmt: skip


def raysearch(*words: object, cwd: Path) -> tuple[int, str]:
    process = begun(sys.executable, "-m", "raysearch", *words, cwd=cwd)
    try:
        out, _ = process.communicate(timeout=300)
    finally:
        process.kill()
    return process.returncode, out


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The addresses of a cluster and of its job server, as the script of `cluster` starts them."""
    folder = tmp_path_factory.mktemp("local")
    status, script = raysearch("cluster", "--kind", "local", cwd=folder)
    assert status == 0, script
    (folder / "local.sh").write_text(script)
    process = begun("bash", "local.sh", cwd=folder)
    assert process.stdout
    try:
        said = {}
        for line in process.stdout:
            name, _, address = line.strip().rpartition("  ")
            said[name.strip()] = address
            if name.strip() == "job server":
                break
        assert set(said) == {"cluster", "job server"}, said
        yield said
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stdout.close()


@pytest.fixture
def folder(tmp_path):
    """What lies on the laptop: an experiment, and the module that it names."""
    folder = tmp_path / "laptop"
    folder.mkdir()
    (folder / "hill.yaml").write_text(EXPERIMENT)
    (folder / "my_job.py").write_text(JOB.format(gate=str(tmp_path / "gate")))
    return folder


def test_a_search_goes_on_when_the_laptop_closes_and_is_followed_and_resumed(
    cluster, folder, tmp_path
):
    at, gate = ["--address", cluster["job server"]], tmp_path / "gate"
    process = begun(
        sys.executable, "-m", "raysearch", "submit", "hill.yaml", *at, "--storage",
        tmp_path / "runs", cwd=folder,
    )  # fmt: skip
    assert process.stdout
    try:
        lines = [process.stdout.readline()]
        while lines[-1] and "starting Ray" not in lines[-1]:
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    said = "".join(lines) + rest
    assert (process.returncode, "The search goes on" in said) == (0, True), said
    assert "sent 2 files" in said
    (folder / "my_job.py").unlink()  # it was sent, and is not needed here
    gate.touch()

    (follow,) = re.findall(
        r"^To follow it again: (.*)|The search goes on.*again: (.*)$", said, re.M
    )
    status, out = raysearch(*shlex.split(follow[0] or follow[1])[3:], cwd=folder)
    assert status == 0, out
    run = Path(re.findall(r"^run +(\S+)$", said, re.M)[0])
    results = Results.open(run)
    assert results.status is SearchStatus.FINISHED
    assert len(results.state.trials) == 3
    assert "height" in out

    (folder / "my_job.py").write_text(JOB.format(gate=str(gate)))
    status, out = raysearch("submit", "--resume", run, "budget.trials=4", *at, cwd=folder)
    assert status == 0, out
    assert len(Results.open(run).state.trials) == 4


def test_check_says_what_a_cluster_has_and_what_would_be_idle(cluster, folder):
    words = ["check", "hill.yaml", "parallel=1", "--quick", "--address"]
    status, out = raysearch(*words, cluster["job server"], cwd=folder)
    assert status == 0, out
    assert re.search(r"^cluster +1 node: 1 with \d+ CPUs and no GPU$", out, re.M), out
    assert re.search(r"^at once +1 trial", out, re.M), out
    assert re.search(r"^idle +\d+ of \d+ CPUs$", out, re.M), out


@pytest.fixture
def node_without(cluster, folder, tmp_path_factory):
    """A second node, on which the folders of this test are not to be seen."""
    script = tmp_path_factory.mktemp("node") / "node.py"
    script.write_text(NODE)
    hidden, node = shlex.quote(str(folder.parent)), shlex.join([sys.executable, str(script)])
    words = f"mount -t tmpfs tmpfs {hidden} && exec {node} {cluster['cluster']}"
    if os.geteuid() or subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        pytest.skip("a node that sees other files than this one needs root")
    process = begun("unshare", "--mount", "bash", "-c", words, cwd=ROOT, stdin=subprocess.PIPE)
    assert process.stdout
    try:
        said = [process.stdout.readline()]
        while said[-1] and "joined" not in said[-1]:
            said.append(process.stdout.readline())
        assert said[-1], "".join(said)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_nodes_on_which_trials_would_fail_are_named_before_the_first(cluster, folder, node_without):
    words = ["run", "hill.yaml", "--address", cluster["cluster"], "--run-dir", "here"]
    status, out = raysearch(*words, cwd=folder)
    assert status == 2, out
    assert "my_job, which the experiment names, is not found on 1 of 2 nodes" in out
    assert f"{folder / 'here'} is no place for a search on several nodes: 1 of 2 nodes" in out
    assert "--storage" in out
    assert not (folder / "here").exists()

    status, out = raysearch(*words, "resources.cpus=4096", cwd=folder)
    assert status == 2, out
    assert "a trial needs resources.cpus 4096" in out
    assert "Ray has 2 nodes: " in out
