"""When a recording ends, and what is on the tape then."""

from __future__ import annotations

import asyncio
import logging
import resource
from pathlib import Path

import pytest

from tests.clocks import SettableClock
from virtuoso.exchange.replies import Reply
from virtuoso.market_data.universe import UniverseRules
from virtuoso.recording.record import Recorder, record
from virtuoso.recording.recording import RecordingFile, read


def begun(path: Path, max_bytes: int = 1 << 30) -> tuple[Recorder, RecordingFile]:
    tape = RecordingFile(path, max_bytes=max_bytes)
    return Recorder(tape, venues=["bybit"], rules=UniverseRules(), clock=SettableClock(1_761_000_000_000)), tape


async def collecting(recording: Recorder, pause_s: float = 0.02) -> None:
    """Replies without end, each unlike the last, as far as gzip is concerned."""
    number = 0
    while True:
        number += 1
        body = " ".join(str(hash((number, i))) for i in range(200))
        url = f"http://127.0.0.1:9/v5/market/orderbook?symbol=A{number}USDT"
        reply = Reply(200, {"Date": "now", "Server": "x"}, text=body, url=url, received_ms=number)
        recording.operation("book", "bybit", {"symbol": f"A{number}USDT"}, [reply])
        await asyncio.sleep(pause_s)


def numbers(path: Path) -> list[int]:
    """Which replies are on the tape."""
    return [event["replies"][0][4] for event in read(path) if "op" in event]


async def test_it_ends_when_it_is_stopped_with_all_that_came_until_then(tmp_path: Path) -> None:
    recording, tape = begun(tmp_path / "a.tape")
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, stop.set)
    assert await record(recording, tape, collecting(recording), stop=stop) == 0
    assert numbers(tape.path) == list(range(1, recording.replies + 1))
    first, second, *_ = read(tape.path)
    assert (first["tape"], first["model"], first["venues"]) == (2, "v2", ["bybit"])
    assert second["replies"][0][:3] == ["/v5/market/orderbook?symbol=A1USDT", 200, {"date": "now"}]


async def test_it_ends_by_itself_when_its_time_is_over_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recording, tape = begun(tmp_path / "a.tape")
    with caplog.at_level(logging.INFO):
        assert await record(recording, tape, collecting(recording), stop=asyncio.Event(), minutes=0.005) == 0
    assert numbers(tape.path) == list(range(1, recording.replies + 1))
    assert "0.005 minutes are over" in caplog.text


async def test_it_ends_by_itself_when_the_tape_is_full_and_leaves_no_hole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recording, tape = begun(tmp_path / "a.tape", max_bytes=150_000)
    with caplog.at_level(logging.INFO):
        assert await record(recording, tape, collecting(recording), stop=asyncio.Event(), minutes=0.5) == 0
    assert "the largest size, 0.15 MB, is reached" in caplog.text
    assert tape.path.stat().st_size <= 150_000
    kept = numbers(tape.path)
    assert kept == list(range(1, len(kept) + 1))
    assert 0 < len(kept) < recording.replies
    again, full = begun(tape.path, max_bytes=full_bytes(tape))
    assert await record(again, full, collecting(again), stop=asyncio.Event(), minutes=0.5) == 0
    assert numbers(tape.path) == kept


def full_bytes(tape: RecordingFile) -> int:
    """A bound that leaves no room."""
    return tape.path.stat().st_size


async def test_a_disk_that_takes_no_more_ends_it_with_1_and_what_is_there_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recording, tape = begun(tmp_path / "a.tape")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
    try:
        assert await record(recording, tape, collecting(recording), stop=asyncio.Event(), minutes=0.5) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be written on" in caplog.text
    assert numbers(tape.path)


async def test_a_mistake_of_ours_ends_it_loudly_and_lets_go_of_the_tape(tmp_path: Path) -> None:
    recording, tape = begun(tmp_path / "a.tape")

    async def mistaken() -> None:
        raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="a mistake of ours"):
        await record(recording, tape, mistaken(), stop=asyncio.Event())
    assert not tape.path.exists()
