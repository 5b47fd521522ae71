"""How much energy has this process used? As far as its devices tell; no guess where they do not.

Processors of Intel and AMD count the energy of a whole package and its memory, in files that Linux
may keep from everybody but root; GPUs of NVIDIA count that of the whole GPU. Other processes use
the same devices. So of a processor this process has the share that it had of all busy processor
time meanwhile, and of a GPU the share that was given to its trial (`resources.gpus`). What a device
uses while it waits is shared in the same way; the rest of the machine is counted by nobody.

References:
    kernel.org, "Power Capping Framework" (the files below /sys/class/powercap).
    NVIDIA, NVML API, nvmlDeviceGetTotalEnergyConsumption.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POWERCAP, STAT = Path("/sys/class/powercap"), Path("/proc/stat")
_PARTS = ("package-", "dram")
"""What names of zones begin with that do not contain each other."""
_BUSY = (0, 1, 2, 5, 6, 7)
"""Columns of /proc/stat that are busy time: user, nice, system, irq, softirq, steal."""


@dataclass(slots=True, kw_only=True)
class Counter:
    """A device that counts the energy it uses."""

    read: Callable[[], float]
    """Returns the joules so far; may raise OSError or what the device's library raises."""
    share: Callable[[], float]
    """Returns how much of the energy since it was last called is this process's, from 0 to 1."""
    wraps_at: float | None = None
    """Joules at which it begins anew; None if it does not."""
    last: float = 0.0


@dataclass(slots=True)
class Energy:
    """Adds up what counters tell.

    Args:
        counters: The devices; without any, nothing is known.
        before: Joules of what went before; None where that is not known.
    """

    counters: Sequence[Counter]
    before: float | None = 0.0
    _used: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Note where the counters stand."""
        try:
            for counter in self.counters:
                counter.last = counter.read()
                counter.share()
        except Exception:  # noqa: BLE001 - as in `joules`
            self.counters = ()

    def joules(self) -> float | None:
        """Return the energy used so far, in joules; None where it is not known.

        A counter that begins anew has to be read before it does so twice: after a quarter of an
        hour, on a large processor.
        """
        if not self.counters or self.before is None:
            return None
        try:
            for counter in self.counters:
                now = counter.read()
                used = now - counter.last
                if used < 0:
                    used += counter.wraps_at or 0.0
                counter.last = now
                self._used += max(0.0, used) * counter.share()
        except Exception:  # noqa: BLE001 - a driver's library raises its own; what is lost is a number
            self.counters = ()
            return None
        return self.before + self._used


def energy_meter(*, gpus: float, before: float | None = 0.0) -> Energy:
    """Return a meter of the devices of this process that tell their energy; perhaps of none.

    Args:
        gpus: GPUs of the trial; below 1 a share of one, 0 for none.
        before: Joules of earlier attempts of the trial; None where that is not known.
    """
    of_gpus = gpu_counters(share=gpus) if gpus > 0 else []
    if gpus > 0 and not of_gpus:
        return Energy(())  # without the GPU it would be a small part of the truth
    return Energy([*processor_counters(), *of_gpus], before=before)


def processor_counters(
    folder: Path = POWERCAP,
    *,
    stat: Path = STAT,
    process_s: Callable[[], float] = time.process_time,
) -> list[Counter]:
    """Return the counters of the processors of this machine; none where they cannot be read.

    Args:
        folder: With a folder for each zone, as of Linux.
        stat: As /proc/stat of Linux.
        process_s: Returns the processor time of this process so far, in seconds.
    """
    found = []
    with suppress(OSError, ValueError):
        for zone in sorted(folder.glob("intel-rapl:*")):
            if not (zone / "name").read_text().strip().startswith(_PARTS):
                continue
            share = ShareOfTime(stat=stat, process_s=process_s)
            wraps_at = float((zone / "max_energy_range_uj").read_text()) / 1e6
            counter = Counter(read=_reader(zone / "energy_uj"), share=share, wraps_at=wraps_at)
            counter.read()
            found.append(counter)
        return found
    return []


def _reader(path: Path) -> Callable[[], float]:
    return lambda: float(path.read_text()) / 1e6


class ShareOfTime:
    """The share that this process had of all busy processor time since it was asked before."""

    def __init__(self, *, stat: Path, process_s: Callable[[], float]) -> None:
        self._stat, self._process_s = stat, process_s
        self._last = (self._busy_s(), process_s())

    def __call__(self) -> float:
        """Return the share, from 0 to 1."""
        busy, own = self._busy_s(), self._process_s()
        of_all, of_own = busy - self._last[0], own - self._last[1]
        self._last = (busy, own)
        return min(1.0, of_own / of_all) if of_all > 0 else float(of_own > 0)

    def _busy_s(self) -> float:
        ticks = [float(text) for text in self._stat.read_text().split("\n", 1)[0].split()[1:]]
        return sum(ticks[place] for place in _BUSY) / os.sysconf("SC_CLK_TCK")


def gpu_counters(*, share: float) -> list[Counter]:
    """Return the counters of the GPUs that torch sees here; none where they cannot be read.

    Args:
        share: Of each GPU, where it is below 1.
    """
    try:
        import pynvml
        import torch

        if not torch.cuda.is_available():
            return []
        pynvml.nvmlInit()
        found = []
        for place in range(torch.cuda.device_count()):
            uuid = f"GPU-{torch.cuda.get_device_properties(place).uuid}"
            read = _gpu_reader(pynvml, pynvml.nvmlDeviceGetHandleByUUID(uuid))
            read()
            found.append(Counter(read=read, share=lambda: min(1.0, share)))
        return found
    except Exception:  # noqa: BLE001 - not installed, no driver, too old a GPU, or a part of one
        return []


def _gpu_reader(pynvml: Any, handle: Any) -> Callable[[], float]:
    return lambda: pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3  # in millijoules
