"""The doctor's checks of the servers behind the edge, its certificate and its log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.certificates import certify
from tests.programs import free_port
from tests.unit.doctor.test_listeners import grpc_server
from virtuoso.app.monitor import Monitor
from virtuoso.doctor import edge, listeners
from virtuoso.doctor.finding import Level


async def test_a_server_that_does_not_answer_is_a_warning_beside_one_that_does_and_otherwise_a_failure() -> None:
    monitor, dead = Monitor(status=lambda _: "SERVING", readiness=lambda: (True, {})), ("127.0.0.1", free_port())
    port = await monitor.start("127.0.0.1:0")
    async with grpc_server(listeners.SERVICE) as alive:
        one, other = await edge.check_servers([alive, dead], port)
        (without_monitor,) = await edge.check_servers([alive], free_port())
    await monitor.close()
    (alone,) = await edge.check_servers([dead], port)
    assert (one.level, one.why) == (Level.OK, "a Virtuoso server answers with the status SERVING")
    assert (other.level, other.subject) == (Level.WARNING, f"server 127.0.0.1:{dead[1]}")
    assert (without_monitor.level, alone.level) == (Level.WARNING, Level.FAILURE)
    assert "VIRTUOSO_MONITOR_ADDRESS" in without_monitor.remedy
    assert "VIRTUOSO_SERVERS" in alone.remedy


async def test_a_certificate_without_its_key_is_a_failure(tmp_path: Path) -> None:
    certificate, key = certify(tmp_path)
    assert (await edge.check_tls(certificate, key)).level is Level.OK
    assert (await edge.check_tls(key, certificate)).level is Level.FAILURE


@pytest.mark.parametrize(("name", "level"), [("new.log", Level.OK), ("no/new.log", Level.FAILURE), ("", Level.FAILURE)])
async def test_a_log_that_could_be_written_is_ok_and_is_not_created(tmp_path: Path, name: str, level: Level) -> None:
    finding = await edge.check_access_log(str(tmp_path / name), "GRPC_ACCESS_LOG")
    assert (finding.level, list(tmp_path.iterdir())) == (level, [])
