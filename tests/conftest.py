"""What holds for every test, however the tests were started?"""

from __future__ import annotations

import signal

# A shell that starts something in the background without job control lets it ignore Ctrl-C, and
# `nohup` lets it ignore the end of its terminal; so do all processes that it starts. Both are sent
# in tests, whose processes must heed them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
