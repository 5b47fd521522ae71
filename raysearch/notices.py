"""Which signals say that this process will soon be ended, so that it had better save and go?"""

from __future__ import annotations

import signal

NOTICES = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
"""What batch systems and clouds send some time before they take a machine away. SIGTERM: systemd
when a spot machine is reclaimed, Kubernetes, Slurm. SIGUSR1 and SIGUSR2: Slurm's `--signal`, Grid
Engine's `-notify`, LSF's warnings. Left to itself, each of them would end the process at once."""
