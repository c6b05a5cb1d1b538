"""The access log of the gRPC port: one JSON object per line, written when the RPC ends.

The keys are those of the edge's log. `certificate` is the name in the client's certificate, or null without one. A thread
writes the lines, so that a slow disk delays no reply. Lines that it cannot write in time are dropped."""

from __future__ import annotations

import json
import logging
import queue
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, Any, Protocol

from virtuoso.domain.errors import ConfigError
from virtuoso.domain.private_files import opener
from virtuoso.service import callers

STDOUT = "-"
MAX_WAITING = 10_000  # lines
MAX_NAME = 256  # characters
# The names of a certificate, the first one that it has.
_NAMES = ("x509_common_name", "x509_subject_alternative_name")
log = logging.getLogger(__name__)


class Call(callers.Call, Protocol):
    """The part of grpc.aio.ServicerContext that says who calls, and with which certificate."""

    def auth_context(self) -> Mapping[str, Sequence[bytes]]: ...


class AccessLog:
    """The log in the file `path`, or on standard output for "-". Raise ConfigError when the file cannot be written."""

    def __init__(self, path: str) -> None:
        try:
            self._file: IO[str] = sys.stdout if path == STDOUT else open(path, "a", opener=opener)  # noqa: SIM115
        except OSError as error:
            raise ConfigError(
                f"GRPC_ACCESS_LOG={path!r} cannot be written: {error.strerror}. Expected a writable file, - for standard "
                "output, or an empty value"
            ) from error
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._write, name="access log", daemon=True)
        self._thread.start()

    def record(self, call: Call, rpc: str, status: str, request_id: str, *, seconds: float, sent_bytes: int) -> None:
        """Log one RPC. `status` is the name of its gRPC code."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "request_id": request_id,
            "client": callers.caller_of(call),
            "certificate": certificate_name(call),
            "rpc": rpc,
            "grpc_status": status,
            "duration_ms": round(seconds * 1000),
            "bytes": sent_bytes,
        }
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            log.warning("the access log is too slow: a line is dropped")

    def close(self) -> None:
        """Write what is left, for a second at most."""
        try:
            self._lines.put(None, timeout=1)
            self._thread.join(1)
        except queue.Full:
            log.warning("the last lines of the access log are lost")

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._file.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
                if self._lines.empty():
                    self._file.flush()
            except (OSError, ValueError) as error:
                log.warning("the access log cannot be written: %s", error)
        with suppress(OSError, ValueError):  # the end of the queue came before it was empty
            self._file.flush() if self._file is sys.stdout else self._file.close()


def certificate_name(call: Call) -> str | None:
    """Return the name in the client's certificate, or None when the client has none."""
    found = call.auth_context()
    for kind in _NAMES:
        for name in found.get(kind, ()):
            return name.decode(errors="replace")[:MAX_NAME]
    return None
