"""What the doctor says of servers behind the edge, its certificate and its log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.certificates import certify
from tests.programs import free_port
from tests.unit.doctor.test_listeners import grpc_server
from virtuoso.app.monitor import Monitor
from virtuoso.doctor import edge, listeners
from virtuoso.doctor.finding import Level


async def test_of_several_servers_those_that_do_not_answer_are_a_warning_and_of_none_a_failure() -> None:
    monitor, gone = Monitor(status=lambda _: "SERVING", readiness=lambda: (True, {})), ("127.0.0.1", free_port())
    port = await monitor.start("127.0.0.1:0")
    async with grpc_server(listeners.SERVICE) as here:
        one, other = await edge.servers([here, gone], port)
        (unwatched,) = await edge.servers([here], free_port())
    await monitor.close()
    (alone,) = await edge.servers([gone], port)
    assert (one.level, one.why) == (Level.WELL, "a server of ours runs there and says SERVING")
    assert (other.level, other.subject) == (Level.WARNING, f"server 127.0.0.1:{gone[1]}")
    assert (unwatched.level, alone.level) == (Level.WARNING, Level.FAILURE)
    assert "VIRTUOSO_MONITOR_ADDRESS" in unwatched.cure
    assert "VIRTUOSO_SERVERS" in alone.cure


async def test_files_that_are_no_pair_are_a_failure(tmp_path: Path) -> None:
    certificate, key = certify(tmp_path)
    assert (await edge.tls(certificate, key)).level is Level.WELL
    assert (await edge.tls(key, certificate)).level is Level.FAILURE


@pytest.mark.parametrize(("name", "level"), [("new.log", Level.WELL), ("no/new.log", Level.FAILURE), ("", Level.FAILURE)])
async def test_a_log_that_could_be_written_is_well_and_is_not_begun(tmp_path: Path, name: str, level: Level) -> None:
    found = await edge.access_log(str(tmp_path / name))
    assert (found.level, list(tmp_path.iterdir())) == (level, [])
