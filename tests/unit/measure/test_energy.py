"""Is the energy of a trial its share of what devices tell, and nothing where they do not?"""

from __future__ import annotations

import pytest

from raysearch.measure import energy
from raysearch.measure.energy import Counter, Energy, processor_counters

TICKS = 100


class Machine:
    """A folder as /sys/class/powercap with one package, and a file as /proc/stat."""

    def __init__(self, folder, monkeypatch):
        monkeypatch.setattr("os.sysconf", lambda name: TICKS)
        self.folder, self.stat = folder / "powercap", folder / "stat"
        self.own_s = 0.0
        for zone, name in (("0", "package-0"), ("0:0", "core"), ("0:1", "dram"), ("1", "psys")):
            (self.folder / f"intel-rapl:{zone}").mkdir(parents=True)
            self.put(zone, "name", f"{name}\n")
            self.put(zone, "max_energy_range_uj", "1000000000\n")
        self.tell(package=0, dram=0, busy_s=0, own_s=0)

    def put(self, zone, file, text):
        (self.folder / f"intel-rapl:{zone}" / file).write_text(text)

    def tell(self, *, package, dram, busy_s, own_s):
        """Let the counters stand at so many joules and seconds."""
        self.put("0", "energy_uj", f"{package * 1_000_000}\n")
        self.put("0:0", "energy_uj", f"{package * 500_000}\n")
        self.put("0:1", "energy_uj", f"{dram * 1_000_000}\n")
        self.put("1", "energy_uj", f"{package * 2_000_000}\n")
        idle, waiting = 1000 * TICKS, 7 * TICKS  # which are not busy
        user = busy_s * TICKS - 10
        text = f"cpu  {user} 2 3 {idle} {waiting} 1 1 3 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
        self.stat.write_text(text)
        self.own_s = own_s

    def counters(self):
        return processor_counters(self.folder, stat=self.stat, process_s=lambda: self.own_s)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


def test_packages_and_memory_count_once_and_by_the_share_of_busy_time(machine):
    machine.tell(package=100, dram=10, busy_s=50, own_s=5.0)
    meter = Energy(machine.counters())
    assert meter.joules() == 0.0
    machine.tell(package=140, dram=20, busy_s=60, own_s=7.5)  # a quarter of the time is its own
    assert meter.joules() == pytest.approx(0.25 * 50)
    machine.tell(package=150, dram=20, busy_s=70, own_s=17.5)  # and then all of it
    assert meter.joules() == pytest.approx(0.25 * 50 + 10)


def test_what_went_before_is_added_and_unknown_stays_unknown(machine):
    assert Energy(machine.counters(), before=7.0).joules() == 7.0
    assert Energy(machine.counters(), before=None).joules() is None
    assert Energy([]).joules() is None


def test_a_counter_that_begins_anew_is_followed(machine):
    machine.tell(package=990, dram=0, busy_s=50, own_s=0.0)
    meter = Energy(machine.counters())
    machine.tell(package=20, dram=0, busy_s=60, own_s=10.0)
    assert meter.joules() == pytest.approx(30)  # of 1000


@pytest.mark.parametrize("damage", ["energy_uj", "name", "max_energy_range_uj"])
def test_what_cannot_be_read_is_silent(machine, damage):
    (machine.folder / "intel-rapl:0" / damage).unlink()
    assert machine.counters() == []
    assert processor_counters(machine.folder / "none", stat=machine.stat) == []


def test_a_counter_that_goes_away_ends_the_telling(machine):
    meter = Energy(machine.counters())
    assert meter.joules() == 0.0
    (machine.folder / "intel-rapl:0" / "energy_uj").unlink()
    assert meter.joules() is None
    machine.tell(package=1, dram=1, busy_s=60, own_s=1.0)
    assert meter.joules() is None


def test_a_share_of_a_device_has_its_share_of_the_energy():
    told = iter([1000.0, 1080.0])
    meter = Energy([Counter(read=lambda: next(told), share=lambda: 0.25)])
    assert meter.joules() == 20.0


def test_without_the_gpus_of_a_trial_nothing_is_told(machine, monkeypatch):
    monkeypatch.setattr(energy, "processor_counters", machine.counters)
    monkeypatch.setattr(energy, "gpu_counters", lambda *, share: [])
    assert energy.energy_meter(gpus=0).joules() == 0.0
    assert energy.energy_meter(gpus=0.5).joules() is None
