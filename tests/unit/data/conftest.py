from __future__ import annotations

import pytest


@pytest.fixture
def disk(monkeypatch):
    """Return what gives the folder of the cache a disk with so many bytes of room."""

    def give(n_bytes):
        monkeypatch.setattr("raysearch.data.room.disk_bytes", lambda: n_bytes)

    return give


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """Return what gives this process a container with so many bytes of memory."""
    root = tmp_path / "cgroup"
    monkeypatch.setattr("raysearch.data.memory._CGROUP", root)
    names = {
        2: ("memory.max", "memory.current", "inactive_file"),
        1: ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
    }

    def give(limit, *, used=0, pages=0, version=2):
        limit_in, used_in, of_files = names[version]
        (root / limit_in).parent.mkdir(parents=True, exist_ok=True)
        (root / limit_in).write_text(f"{limit}\n")
        (root / used_in).write_text(f"{used}\n")
        (root / used_in).with_name("memory.stat").write_text(f"anon 5\n{of_files} {pages}\n")

    return give
