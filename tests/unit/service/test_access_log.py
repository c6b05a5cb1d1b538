"""The access log of the gRPC port."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from virtuoso.service.access_log import AccessLog


class Call:
    """A call from this machine without a certificate."""

    def peer(self) -> str:
        return "ipv4:127.0.0.1:5000"

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        return ()

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        return {}


@pytest.fixture
def _other_threads_wait() -> Iterator[None]:
    """Let other threads run only while this one waits."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(10)
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("_other_threads_wait")
def test_the_lines_that_wait_at_the_end_are_in_the_file(tmp_path: Path) -> None:
    log = AccessLog(str(tmp_path / "log"))
    for name in ("first", "last"):
        log.record(Call(), "GetDashboard", "OK", name, seconds=0.002, sent_bytes=7)
    log.close()
    lines = (tmp_path / "log").read_text().splitlines()
    assert [json.loads(line)["request_id"] for line in lines] == ["first", "last"]
