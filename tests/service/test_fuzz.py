"""The fuzz finds nothing in the service, and it finds each kind of fault that it looks for."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import pytest

from tools.fuzzing import __main__ as fuzzing
from tools.fuzzing.cases import Cases, Rpc, rpcs
from tools.fuzzing.contract import Answer
from tools.fuzzing.cost import Log
from virtuoso.domain.errors import InvalidField
from virtuoso.service import errors

CASES = 3000


@pytest.mark.timeout(240)
async def test_no_request_is_expensive_or_gets_an_answer_against_the_contract(tmp_path: Path) -> None:
    totals = await fuzzing.run(range(CASES), 13, tmp_path)
    assert not totals.wrong
    assert totals.cases == CASES
    names = {rpc.method.name for rpc in rpcs()}
    assert totals.answered.keys() == totals.refused.keys() == names


def test_a_case_is_the_same_for_the_same_seed_and_index() -> None:
    first, second = (Cases(7, {}) for _ in range(2))
    assert [first.case(n) for n in range(200)] == [second.case(n) for n in reversed(range(200))][::-1]
    assert Cases(8, {}).case(0) != first.case(0)


def reply(*messages: bytes) -> Answer:
    return Answer(list(messages), trailers={errors.REQUEST_ID: "r-1"})


def error(kind: BaseException, **changed: object) -> Answer:
    status = errors.status(kind, "r-1")
    answer = Answer([], status.code, status.details, dict(status.trailing_metadata))
    for name, value in changed.items():
        setattr(answer, name, value)
    return answer


async def slow() -> Answer:
    while_busy = time.thread_time() + 0.3
    while time.thread_time() < while_busy:
        pass
    return error(InvalidField([("symbol", "x")]))


async def large() -> Answer:
    assert b"x" * 64 * 1024 * 1024
    return error(InvalidField([("symbol", "x")]))


async def logged() -> Answer:
    logging.getLogger("grpc").error("unexpected", exc_info=KeyError("x"))
    return error(InvalidField([("symbol", "x")]))


async def raising() -> Answer:
    raise KeyError("x")


def returning(answer: Answer) -> Callable[[], Awaitable[Answer]]:
    async def respond() -> Answer:
        return answer

    return respond


@pytest.mark.parametrize(
    ("respond", "wrong"),
    [
        (slow, "ms of CPU"),
        (large, "bytes of memory"),
        (raising, "raised KeyError"),
        (logged, "a traceback"),
        (returning(Answer()), "neither a reply nor an error"),
        (returning(reply(b"\xff")), "cannot be decoded"),
        (returning(reply(b"")), "without provenance"),
        (returning(error(KeyError("x"))), "the code INTERNAL"),
        (returning(error(InvalidField([("symbol", "KeyError: x")]))), "internals in the message: KeyError"),
        (returning(error(InvalidField([("symbol", "x")]), trailers={})), "without details"),
        (returning(error(InvalidField([("symbol", "x")]), code=grpc.StatusCode.NOT_FOUND)), "another code"),
    ],
)
async def test_each_fault_is_found(
    respond: Callable[[], Awaitable[Answer]], wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faulty:
        async def call(self, rpc: Rpc, raw: bytes, metadata: tuple[tuple[str, str], ...] = ()) -> Answer:
            return await respond()

    monkeypatch.setattr(fuzzing, "PAUSES_S", (0.0, 0.0))
    cases = Cases(1, {})
    index = next(n for n in range(200) if cases.case(n).rpc.method.name == "GetConfluence")
    with Log().attached() as log:
        fuzz = fuzzing.Fuzz(cases, log, Faulty())
        await fuzz.run([index])
        fuzz.close()
    assert any(wrong in text for _, text in fuzz.totals.wrong), fuzz.totals.wrong
