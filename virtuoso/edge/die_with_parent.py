"""Replace this process by PROGRAM, and end it when process PARENT ends.

Usage: `die_with_parent.py PARENT PROGRAM ARGUMENT...`.

Virtuoso processes watch their standard input to detect the end of their parent. Envoy cannot do that. Therefore the kernel
sends it SIGKILL when the parent ends for any reason. This works only on Linux. Elsewhere, Envoy outlives a killed parent.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent, program, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):  # the parent ended before the call of prctl
            sys.exit(1)
    os.umask(0o077)  # only this user may read an access log that Envoy creates after a rotation
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is needed
