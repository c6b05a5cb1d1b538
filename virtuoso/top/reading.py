"""The last reply to a call, and why there is no newer one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Generic, TypeVar

import grpc

from virtuoso.client import failure
from virtuoso.top import words

if TYPE_CHECKING:
    from virtuoso.client import Failure

Reply = TypeVar("Reply")


class Reading(Generic[Reply]):
    """A call that is made again and again. A failed call keeps the last reply."""

    def __init__(self, call: Callable[[], Awaitable[Reply]]) -> None:
        self._call = call
        self.reply: Reply | None = None
        self.failure: Failure | None = None

    async def read(self) -> None:
        """Make the call."""
        try:
            self.reply, self.failure = await self._call(), None
        except grpc.aio.AioRpcError as error:
            self.failure = failure(error)

    def problem(self, what: str = "") -> str:
        """Return why the last call failed, in words; `what` was asked for. "" when it succeeded."""
        if self.failure is None:
            return ""
        state = words.NOT_AVAILABLE if self.reply is None else words.NOT_UPDATED
        return f"{f'{what} {state.lower()}' if what else state}: {words.failure_text(self.failure)}."
