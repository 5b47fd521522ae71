"""Forks of a template process: what they have, what they raise, and when they end."""

from __future__ import annotations

import os
import platform
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from raysearch.forking import Fork, NoTemplate, ProcessGone, template
from raysearch.processes import birth

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone")

ROOT = Path(__file__).resolve().parents[3]
HERE = f"{__name__}:Served"


class NotMadeAgain(Exception):
    """An exception that pickle takes apart and cannot put together."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Served:
    """What the forks of these tests do."""

    def __init__(self, number=0):
        if number < 0:
            raise ValueError(f"{number} is below 0")
        self.number = number

    def add(self, number, *, times=1):
        self.number += number * times
        return self.number

    def modules(self):
        return set(sys.modules)

    def surroundings(self):
        return os.environ.get("RAYSEARCH_TEST"), str(Path.cwd()), "somewhere" in sys.path

    def threads(self):
        return [thread.name for thread in threading.enumerate()]

    def signals(self):
        return signal.getsignal(signal.SIGCHLD), sys.stdin.read()

    def raise_value_error(self):
        raise ValueError("no")

    def raise_not_made_again(self):
        raise NotMadeAgain(1, 2)

    def return_what_cannot_be_sent(self):
        return lambda: None

    def end(self):
        os._exit(3)

    def page_faults(self, *, times):
        """Return how often a page was missing as batches were taken and freed again in a thread."""

        def batches(n):
            for _ in range(n):
                del [bytearray(2**20) for _ in range(8)][:]

        def faults():
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

        found = []

        def count():
            batches(1)
            before = faults()
            batches(times)
            found.append(faults() - before)

        thread = threading.Thread(target=count)
        thread.start()
        thread.join()
        return found[0]

    def sleep(self):
        time.sleep(3600)

    def forks_itself_and_is_killed(self):
        if os.fork() == 0:
            time.sleep(60)  # and holds on to all files of its parent
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def address():
    with template(modules=["fractions"]) as found:
        yield found


@pytest.fixture
def served(address):
    fork = Fork(address, HERE)
    yield fork
    fork.close()


def wait_until_gone(pid):
    end = time.monotonic() + 10
    while birth(pid) is not None:
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.01)


def test_a_fork_keeps_its_object_and_has_the_modules_of_the_template(served):
    assert served.call("add", 2, times=3) == 6
    assert served.call("add", 1) == 7
    assert "fractions" in served.call("modules")
    assert "torch" not in served.call("modules")
    assert served.pid not in (os.getpid(), os.getppid())


def test_forks_are_different_processes(address, served):
    other = Fork(address, HERE, 40)
    assert (other.call("add", 2), served.call("add", 2)) == (42, 2)
    assert other.pid != served.pid
    other.close()


def test_a_fork_has_the_surroundings_of_whoever_makes_it(address, tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_TEST", "here")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("somewhere")
    fork = Fork(address, HERE)
    assert fork.call("surroundings") == ("here", str(tmp_path), True)
    fork.close()


def test_a_fork_gives_way_to_others_as_whoever_makes_it_does(address):
    code = f"""
        import os
        from raysearch.forking import Fork
        os.nice(5)
        fork = Fork({address!r}, "{HERE}")  # held: a fork ends with the last reference to it
        print(os.getpriority(os.PRIO_PROCESS, fork.pid), flush=True)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)


def test_a_fork_can_wait_for_processes_of_its_own_and_reads_nothing(served):
    assert served.call("signals") == (signal.SIG_DFL, "")


def test_what_a_method_raises_is_raised_here_and_the_fork_goes_on(served):
    with pytest.raises(ValueError, match="no"):
        served.call("raise_value_error")
    with pytest.raises(RuntimeError, match="NotMadeAgain: 1 and 2"):
        served.call("raise_not_made_again")
    with pytest.raises(RuntimeError, match="cannot be sent"):
        served.call("return_what_cannot_be_sent")
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        served.call("nothing_of_that_name")
    assert served.call("add", 1) == 1


def test_what_the_factory_raises_is_raised_here(address):
    with pytest.raises(ValueError, match="-1 is below 0"):
        Fork(address, HERE, -1)


def test_a_fork_that_ends_itself_or_is_killed_is_gone(address):
    fork = Fork(address, HERE)
    with pytest.raises(ProcessGone, match=str(fork.pid)):
        fork.call("end")
    with pytest.raises(ProcessGone):
        fork.call("add", 1)
    fork.close()
    fork.close()
    killed = Fork(address, HERE)
    os.kill(killed.pid, signal.SIGKILL)
    with pytest.raises(ProcessGone):
        killed.call("add", 1)


def test_the_end_of_a_fork_is_seen_though_a_process_of_its_own_goes_on(address):
    fork = Fork(address, HERE)
    begun_s = time.monotonic()
    with pytest.raises(ProcessGone, match="killed, as for want of memory"):
        fork.call("forks_itself_and_is_killed")
    assert time.monotonic() - begun_s < 30
    fork.close()


def test_what_cannot_be_made_leaves_no_file_open(address):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(ValueError, match="below 0"):
            Fork(address, HERE, -1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_template_without_room_for_a_fork_goes_on():
    with template(modules=["tests.unit.forking.forks_twice"]) as address:
        first = Fork(address, HERE)
        with pytest.raises(NoTemplate):
            Fork(address, HERE)
        second = Fork(address, HERE)
        assert (first.call("add", 1), second.call("add", 2)) == (1, 2)


def test_modules_are_looked_for_where_this_process_does(tmp_path, monkeypatch):
    (tmp_path / "fractions.py").write_text("raise RuntimeError('the wrong module')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(ROOT), *(path for path in sys.path if path)])
    with template(modules=["fractions"]) as address:
        fork = Fork(address, HERE)
        assert "fractions" in fork.call("modules")
        fork.close()


def test_why_nothing_could_be_forked_is_said(caplog):
    with template(modules=["no_such_module_at_all"]) as address:
        with pytest.raises(NoTemplate):
            Fork(address, HERE)
        time.sleep(1.0)  # its process ends a little later than it stops to listen
    assert "No module named 'no_such_module_at_all'" in caplog.text


def test_a_closed_fork_ends_in_the_middle_of_a_call(served):
    ends = []

    def call():
        try:
            served.call("sleep")
        except (ProcessGone, OSError) as error:  # its channel may be closed under it
            ends.append(error)

    calling = threading.Thread(target=call)
    calling.start()
    time.sleep(0.1)
    served.close()
    wait_until_gone(served.pid)
    calling.join(10)
    assert len(ends) == 1


def test_forks_end_with_the_template(tmp_path):
    with template(modules=[]) as address:
        fork = Fork(address, HERE)
    wait_until_gone(fork.pid)
    with pytest.raises(NoTemplate, match=r"no template answers at .*template\.sock"):
        Fork(address, HERE)
    assert not Path(address).parent.exists()


def test_template_and_forks_end_when_the_process_that_started_them_is_killed():
    code = f"""
        import sys, time
        from raysearch.forking import Fork, template
        with template(modules=[]) as address:
            fork = Fork(address, "{HERE}")
            print(fork.pid, address, flush=True)
            fork.call("sleep")
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        pid, address = process.stdout.readline().split()
        process.kill()
    wait_until_gone(int(pid))
    with pytest.raises(NoTemplate):
        Fork(address, HERE)


def test_the_end_of_whoever_uses_a_fork_ends_it_too(address):
    code = f"""
        import os
        from raysearch.forking import Fork
        print(Fork({address!r}, "{HERE}").pid, flush=True)
        os._exit(0)
    """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    wait_until_gone(int(process.stdout))


@pytest.mark.parametrize("module", ["no_such_module_at_all", "tests.unit.forking.has_a_thread"])
def test_a_template_that_cannot_be_forked_ends(module):
    with template(modules=[module]) as address, pytest.raises(NoTemplate):
        Fork(address, HERE)


def test_without_a_place_for_the_socket_there_is_no_template(tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with template(modules=[]) as address:
        assert address is None
    assert list(deep.iterdir()) == []


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_memory_that_is_freed_is_there_for_the_next_batch(served):
    assert served.call("page_faults", times=50) < 2_000  # of 102,400 pages that are written
