"""Is what would not fit into memory refused before any of it is taken?"""

from __future__ import annotations

import subprocess
import sys

import pytest

from raysearch.data.listops.space import data_spec as listops_spec
from raysearch.data.memory import all_bytes, check_memory, free_bytes
from raysearch.data.pairs.space import check_arguments as check_pairs
from raysearch.data.scenes.space import room
from raysearch.data.series.space import check_arguments as check_series
from raysearch.data.table.space import check_arguments as check_table
from raysearch.data.text.space import check_arguments as check_text
from raysearch.data.trees.space import check_arguments as check_trees
from raysearch.errors import ConfigurationError


def test_the_limit_of_a_container_counts_but_not_what_pages_of_files_take(memory):
    memory(1000, used=700, pages=300)
    assert (free_bytes(), all_bytes()) == (600, 1000)
    memory(1000, used=1200)
    assert free_bytes() == 0


def test_the_older_kind_of_container_has_a_limit_too(memory):
    memory(1000, used=700, pages=300, version=1)
    assert (free_bytes(), all_bytes()) == (600, 1000)


def test_without_a_limit_the_machine_has_what_it_has(memory):
    memory("max", used=700)
    assert all_bytes() >= free_bytes() > 1e6


def test_a_limit_of_this_process_counts_too(memory):
    memory("max")
    code = (
        "import resource; from raysearch.data.memory import free_bytes; before = free_bytes()\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (2**28, 2**28)); print(free_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 2**28


def test_what_fits_is_not_refused_and_what_does_not_is_with_both_numbers(memory):
    memory(3 * 2**30)
    check_memory(3 * 2**30, what="path is a", remedy="Take less")
    with pytest.raises(ConfigurationError) as caught:
        check_memory(5 * 2**30, what="path is a, whose rows", remedy="Take less")
    assert caught.value.faults == (
        "path is a, whose rows take 5.0 GiB of memory, and 3.0 GiB can be had on this machine. "
        "Take less.",
    )


def test_what_is_generated_is_refused_before_it_is(memory, disk):
    memory(2**30)
    disk(2**30)
    assert listops_spec(n_examples=100_000).n_train == 60_000
    with pytest.raises(ConfigurationError, match=r"data.n_examples is 1000000, .* take 14\.9 GiB"):
        listops_spec(n_examples=1_000_000, max_length=1000)
    assert listops_spec(n_examples=100_000, max_length=1000, form="tokens").n_train == 60_000
    with pytest.raises(ConfigurationError, match=r"data.n_examples is 100000, .* take 6\.1 GiB"):
        room(100_000, canvas=128)


FILES = {
    "pairs": (check_pairs, "a b\tc d\n" * 40, {}, "40 pairs, filled up to 2 and 3 symbols,"),
    "series": (
        check_series,
        "kind,t0,t1\n" + "a,1,2\nb,2,3\n" * 40,
        {"target": "kind"},
        "80 series, filled up to the longest of 2 steps,",
    ),
    "table": (
        check_table,
        "a,y\n" + "".join(f"{n * 7 % 23},{n % 2}\n" for n in range(400)),
        {"target": "y"},
        "400 rows of 1 features",
    ),
    "text": (
        check_text,
        "t,y\n" + "so good,1\nso bad,0\n" * 40,
        {"text": "t", "target": "y"},
        "80 texts of up to 2 symbols",
    ),
    "trees": (
        check_trees,
        "(1 (0 a) (0 b))\n(2 (0 c) (0 a))\n" * 40,
        {},
        "80 trees, filled up to the largest of 3 nodes,",
    ),
}


@pytest.mark.parametrize(("check", "content", "given", "said"), FILES.values(), ids=FILES)
def test_a_file_whose_arrays_would_not_fit_is_refused(
    check, content, given, said, memory, disk, tmp_path, monkeypatch
):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "a.csv"
    path.write_text(content)
    memory(100)
    disk(200)
    with pytest.raises(ConfigurationError) as caught:
        check({"path": str(path), **given})
    (fault,) = caught.value.faults
    assert fault.startswith(f"path is {path}, whose {said} take ")
    assert "GiB of memory, and 9e-08 GiB can be had on this machine." in fault
    assert f"In {tmp_path / 'cache' / 'data'} they need " in fault
    assert "GiB of room, and there are 2e-07 GiB: set RAYSEARCH_CACHE_DIR to a folder" in fault
    disk(10**6)
    assert check({"path": str(path), **given})["path"] == str(path)
