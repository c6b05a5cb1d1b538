"""When recording ends, and what the file contains at that time."""

from __future__ import annotations

import asyncio
import logging
import resource
from pathlib import Path

import pytest

from tests.clocks import SettableClock
from virtuoso.analysis.weights import MODEL_VERSION
from virtuoso.domain.inputs import InputKind
from virtuoso.exchange.replies import Reply
from virtuoso.market_data.universe import UniverseRules
from virtuoso.recording import record as recording
from virtuoso.recording.file import FORMAT, RECORDING_KEY, RecordingFile, read
from virtuoso.recording.record import Recorder, record


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a batch every 0.1 s."""
    monkeypatch.setattr(recording, "POLL_S", 0.1)
    monkeypatch.setattr(recording, "FULL_BATCH", 1)


def new_recorder(path: Path, max_bytes: int = 1 << 30) -> tuple[Recorder, RecordingFile]:
    file = RecordingFile(path, max_bytes=max_bytes)
    return Recorder(file, venues=["bybit"], rules=UniverseRules(), clock=SettableClock(1_761_000_000_000)), file


async def collecting(recorder: Recorder, pause_s: float = 0.02) -> None:
    """Record replies that can hardly be compressed, until cancelled."""
    number = 0
    while True:
        number += 1
        body = " ".join(str(hash((number, i))) for i in range(200))
        url = f"http://127.0.0.1:9/v5/market/orderbook?symbol=A{number}USDT"
        reply = Reply(200, {"Date": "now", "Server": "x"}, text=body, url=url, received_ms=number)
        recorder.operation(InputKind.ORDER_BOOK, "bybit", {"symbol": f"A{number}USDT"}, [reply])
        await asyncio.sleep(pause_s)


def numbers(path: Path) -> list[int]:
    """Return the numbers of the recorded replies."""
    return [event["replies"][0][4] for event in read(path) if "op" in event]


async def test_a_stopped_recording_has_all_replies_until_its_end(tmp_path: Path) -> None:
    recorder, file = new_recorder(tmp_path / "a.recording")
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, stop.set)
    assert await record(recorder, file, collecting(recorder), stop=stop) == 0
    assert numbers(file.path) == list(range(1, recorder.replies + 1))
    first, second, *_ = read(file.path)
    assert (first[RECORDING_KEY], first["model"], first["venues"]) == (FORMAT, MODEL_VERSION, ["bybit"])
    assert second["replies"][0][:3] == ["/v5/market/orderbook?symbol=A1USDT", 200, {"date": "now"}]


async def test_a_recording_ends_after_its_minutes_and_logs_the_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder, file = new_recorder(tmp_path / "a.recording")
    with caplog.at_level(logging.INFO):
        assert await record(recorder, file, collecting(recorder), stop=asyncio.Event(), minutes=0.005) == 0
    assert numbers(file.path) == list(range(1, recorder.replies + 1))
    assert "0.005 minutes are over" in caplog.text


async def test_a_recording_ends_when_the_file_is_full_and_has_no_gap(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder, file = new_recorder(tmp_path / "a.recording", max_bytes=150_000)
    with caplog.at_level(logging.INFO):
        assert await record(recorder, file, collecting(recorder), stop=asyncio.Event(), minutes=0.5) == 0
    assert "the maximum size of 0.15 MB is reached" in caplog.text
    assert file.path.stat().st_size <= 150_000
    recorded = numbers(file.path)
    assert recorded == list(range(1, len(recorded) + 1))
    assert 0 < len(recorded) < recorder.replies
    again, full = new_recorder(file.path, max_bytes=file.path.stat().st_size)
    assert await record(again, full, collecting(again), stop=asyncio.Event(), minutes=0.5) == 0
    assert numbers(file.path) == recorded


async def test_a_failed_write_ends_a_recording_with_exit_code_1_and_a_complete_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder, file = new_recorder(tmp_path / "a.recording")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
    try:
        assert await record(recorder, file, collecting(recorder), stop=asyncio.Event(), minutes=0.5) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be written: " in caplog.text
    assert numbers(file.path)


async def test_an_error_of_the_collector_is_raised_and_the_file_is_closed(tmp_path: Path) -> None:
    recorder, file = new_recorder(tmp_path / "a.recording")

    async def broken() -> None:
        raise RuntimeError("a bug of ours")

    with pytest.raises(RuntimeError, match="a bug of ours"):
        await record(recorder, file, broken(), stop=asyncio.Event())
    assert not file.path.exists()
