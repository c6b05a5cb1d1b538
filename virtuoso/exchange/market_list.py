"""The list of a venue's markets, parsed in parts. Only the rows that ccxt cannot parse are refused.

ccxt parses a list as a whole, and raises on the first invalid row. `MarketList` stores the replies of the first attempt.
When parsing fails, or when the pages do not end, ccxt parses the stored rows again in halves, until each invalid row is
alone. No request is sent twice.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from virtuoso.domain.errors import BadData
from virtuoso.domain.plausibility import MAX_PAGES
from virtuoso.exchange.rows import count_refused

log = logging.getLogger(__name__)

MAX_DEPTH = 3  # of the rows within a reply


@dataclass(slots=True)
class _Request:
    """A request with its following pages. `reply` is the reply to the first page. `rows` are those of all pages. `pages` are
    the parameters of all pages."""

    api_path: str
    params: Mapping[str, Any]
    reply: Any
    rows: list[Any]
    pages: list[Mapping[str, Any]]

    def covers(self, api_path: str, params: Mapping[str, Any]) -> bool:
        """Return True for this request and its following pages. A following page has additional parameters."""
        return api_path == self.api_path and self.params.items() <= params.items()


class MarketList:
    """One read of the markets. `parse` is ccxt's method, which must send its requests through `reply`."""

    def __init__(self, parse: Callable[[], Awaitable[list[Any]]]) -> None:
        self._parse = parse
        self._requests: list[_Request] = []
        self._failed = False  # a request has failed
        self._part: tuple[_Request, list[Any]] | None = None  # the rows to parse now; None during the first attempt
        self._refused: list[Any] = []

    async def read(self) -> list[Any]:
        """Return the parsed markets. Refuse and count rows that cannot be parsed. Raise ccxt's error when a request fails
        or when no row can be parsed."""
        try:
            return await self._parse()
        except Exception as error:
            if self._failed:
                raise
            markets = [market for request in self._requests for market in await self._parsed(request, request.rows)]
            if not markets:
                raise
            cause = error
        count_refused("instrument_shape", len(self._refused))
        log.warning(
            "the list of markets: %s; %d unreadable rows, such as %.200r", cause, len(self._refused), self._refused[:1]
        )
        return markets

    async def reply(self, api_path: str, params: Mapping[str, Any], send: Callable[[], Awaitable[Any]]) -> Any:
        """Return the venue's reply. When rows are parsed again, return the stored reply with only these rows.

        Raise BadData for a page that was read before, and after MAX_PAGES. The rows of the pages so far are then used."""
        request = next((each for each in self._requests if each.covers(api_path, params)), None)
        if self._part is not None and request is not None:
            current, rows = self._part
            self._part = (current, []) if request is current else self._part
            return _with_rows(request.reply, rows if request is current else [])
        if request is not None and (params in request.pages or len(request.pages) == MAX_PAGES):
            raise BadData(f"{api_path}: the pages do not end")
        try:
            reply = await send()
        except BaseException:
            self._failed = True
            raise
        if request is None:
            self._requests.append(_Request(api_path, dict(params), reply, list(_rows_of(reply)), [dict(params)]))
        else:
            request.rows += _rows_of(reply)
            request.pages.append(dict(params))
        return reply

    async def _parsed(self, request: _Request, rows: list[Any]) -> list[Any]:
        """Return the markets of `rows`, which `request` returned. Collect the rows that cannot be parsed."""
        if not rows:
            return []
        self._part = request, rows
        try:
            return await self._parse()
        except Exception:  # noqa: BLE001 - ccxt raises many kinds on odd rows
            if len(rows) == 1:
                self._refused += rows
                return []
        middle = len(rows) // 2
        return await self._parsed(request, rows[:middle]) + await self._parsed(request, rows[middle:])


def _rows_of(reply: Any, depth: int = 0) -> list[Any]:
    """Return the longest list of rows in a reply. Return [] when there is none."""
    if isinstance(reply, list):
        return reply
    if not isinstance(reply, Mapping) or depth == MAX_DEPTH:
        return []
    return max((_rows_of(value, depth + 1) for value in reply.values()), key=len, default=[])


def _with_rows(reply: Any, rows: list[Any]) -> Any:
    """Return a reply with other rows."""
    old = _rows_of(reply)

    def replaced(value: Any) -> Any:
        if value is old:
            return rows
        return {name: replaced(each) for name, each in value.items()} if isinstance(value, Mapping) else value

    return replaced(reply)
