"""Become PROGRAM, which then ends with process PARENT. Run as `die_with_parent.py PARENT PROGRAM ARGUMENT...`.

Our own processes watch their standard input to end with their parent. Envoy cannot, so the kernel does it: it sends SIGKILL
when the parent is gone, however that ended. This works on Linux only; elsewhere Envoy outlives a parent that was killed.
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
        if os.getppid() != int(parent):  # the parent was gone before the kernel watched it
            sys.exit(1)
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is wanted
