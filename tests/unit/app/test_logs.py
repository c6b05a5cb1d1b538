"""The log of a process has one limit for all loggers."""

from __future__ import annotations

import logging

from virtuoso.app.logs import BURST_LINES, LINES_PER_S, LineLimit


class Seconds:
    """A clock that a test sets."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def line(logger: str, text: str = "refused", level: int = logging.ERROR) -> logging.LogRecord:
    return logging.LogRecord(logger, level, "file.py", 1, text, (), None)


def test_a_flood_of_one_logger_is_limited_and_the_others_still_write() -> None:
    seconds = Seconds()
    limit = LineLimit(seconds)
    written = sum(limit.filter(line("grpc._cython.cygrpc")) for _ in range(100_000))
    assert written == BURST_LINES
    assert limit.filter(line("virtuoso.collector"))
    for _ in range(60):
        seconds.now += 1
        written += sum(limit.filter(line("grpc._cython.cygrpc")) for _ in range(1_000))
    assert written == BURST_LINES + 60 * LINES_PER_S


def test_a_flood_of_info_lines_hides_no_error_of_the_same_logger() -> None:
    limit = LineLimit(Seconds())
    for _ in range(1_000):
        limit.filter(line("virtuoso.service.rpc", level=logging.INFO))
    assert limit.filter(line("virtuoso.service.rpc"))
    assert not limit.filter(line("virtuoso.service.rpc", level=logging.INFO))


def test_the_next_line_says_how_many_were_dropped() -> None:
    seconds = Seconds()
    limit = LineLimit(seconds)
    for _ in range(int(BURST_LINES) + 7):
        limit.filter(line("a"))
    seconds.now += 1
    record = line("a", "100 % refused")
    assert limit.filter(record)
    assert record.getMessage() == "100 % refused (7 ERROR lines of a before this one were dropped)"
    after = line("a")
    assert limit.filter(after)
    assert after.getMessage() == "refused"
