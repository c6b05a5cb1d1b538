"""The list of markets with invalid rows, missing pages and failing requests, on every venue with its own field names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from tests.altered_exchange import AlteredExchange, Answer
from tests.unit.exchange.test_rows import refused
from virtuoso.domain.errors import BadData, EmptyData
from virtuoso.domain.plausibility import LIST_CONFIRMATIONS, MAX_PAGES
from virtuoso.exchange.adapter import CcxtExchange

VENUES = ("bybit", "binance", "okx")
PATHS = {"bybit": "instruments-info", "binance": "exchangeInfo", "okx": "public/instruments"}
TICKERS = {"bybit": "market/tickers", "binance": "ticker/24hr", "okx": "market/tickers"}
TIME = {"binance": "closeTime", "okx": "ts"}
NAME = {"bybit": "symbol", "binance": "symbol", "okx": "instId"}
SETTLE = {"bybit": "settleCoin", "binance": "marginAsset", "okx": "settleCcy"}
Rows = list[Any]


@pytest.fixture
def altered(request: pytest.FixtureRequest) -> Iterator[AlteredExchange]:
    """Return the recorded exchanges behind a proxy, or the simulated ones for okx, of which there is no recording."""
    venue = request.getfixturevalue("venue")
    market = request.getfixturevalue("simulated" if venue == "okx" else "replay")
    with AlteredExchange(market.url) as exchange:
        yield exchange


@asynccontextmanager
async def connected(venue: str, exchange: AlteredExchange) -> AsyncIterator[CcxtExchange]:
    client = CcxtExchange(venue, url=exchange.url)
    try:
        yield client
    finally:
        await client.close()


def rows_of(body: Any) -> Rows:
    """Return the rows of a venue's reply. A change to them changes the reply."""
    if isinstance(body, dict):
        body = body.get("result", body)
    if isinstance(body, dict):
        body = body.get("list") or body.get("symbols") or body.get("data") or []
    assert isinstance(body, list)
    return body


def altering(path: str, change: Callable[[Rows], None]) -> Callable[[str, Mapping[str, str], Any], Any]:
    """Return a function that changes the rows of replies to this path."""

    def alter(requested: str, query: Mapping[str, str], body: Any) -> Any:
        if requested.endswith(path) and "status" not in query:
            change(rows_of(body))
        return body

    return alter


def delisting(venue: str, symbols: Collection[str]) -> Callable[[Rows], None]:
    """Return a function that removes the rows of these symbols."""

    def delist(rows: Rows) -> None:
        rows[:] = [row for row in rows if row[NAME[venue]].replace("-SWAP", "").replace("-", "") not in symbols]

    return delist


def broken_rows(venue: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return rows that cannot be read, by their defect. `row` is a good one, of BTCUSDT."""

    def without(field: str) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name != field}

    far = 9223372036854775807
    dated: dict[str, dict[str, Any]] = {
        "bybit": {"symbol": "BTCUSDT-26DEC25", "contractType": "LinearFutures", "deliveryTime": str(far)},
        "binance": {"symbol": "BTCUSDT_261226", "contractType": "CURRENT_QUARTER", "deliveryDate": far},
        "okx": {"instId": "BTC-USDT-261226", "instType": "FUTURES", "alias": "quarter", "expTime": str(far)},
    }
    return {
        "no name": without(NAME[venue]),
        "no settlement": without(SETTLE[venue]),
        "name null": {**row, NAME[venue]: None},
        "name of another type": {**row, NAME[venue]: {"a": 1}},
        "dated, far future": {**row, **dated[venue]},
        "all fields null": dict.fromkeys(row),
        "all fields lists": {name: [] for name in row},
        **({"endless digits": {**row, "pricePrecision": far}} if venue == "binance" else {}),
        "empty": {},
        "null": None,
        "text": "BTCUSDT",
        "list": [1, 2],
    }


def place(row: Any, rows: Rows) -> None:
    rows.insert(0, row)


def replace(old: Any, new: Any, rows: Rows) -> None:
    rows[rows.index(old)] = new


@pytest.mark.parametrize("venue", VENUES)
async def test_only_an_invalid_row_of_the_list_is_refused(venue: str, altered: AlteredExchange) -> None:
    async with connected(venue, altered) as exchange:
        good = {each.symbol: each for each in await exchange.instruments()}
        sample: list[dict[str, Any]] = []

        def pick(rows: Rows) -> None:
            sample.extend(row for row in rows if row[NAME[venue]] in ("BTCUSDT", "BTC-USDT-SWAP"))

        altered.alter = altering(PATHS[venue], pick)
        await exchange.instruments()
        for defect, row in broken_rows(venue, sample[0]).items():
            altered.alter = altering(PATHS[venue], partial(place, row))
            found = {each.symbol: each for each in await exchange.instruments()}
            assert found.keys() == good.keys(), defect
            assert {**found, "BTCUSDT": None} == {**good, "BTCUSDT": None}, defect
            assert await exchange.order_book(found["BTCUSDT"]), defect
            altered.alter = altering(PATHS[venue], partial(replace, sample[0], row))
            async with connected(venue, altered) as other:
                assert {each.symbol for each in await other.instruments()} | {"BTCUSDT"} == good.keys(), defect


@pytest.mark.parametrize("venue", VENUES)
async def test_invalid_rows_are_refused_and_counted_and_valid_rows_are_kept(venue: str, altered: AlteredExchange) -> None:
    async with connected(venue, altered) as exchange:
        good = {each.symbol for each in await exchange.instruments()}

    def insert(rows: Rows) -> None:
        btc = next(row for row in rows if row[NAME[venue]] in ("BTCUSDT", "BTC-USDT-SWAP"))
        rows[5:5] = [None, "text", *broken_rows(venue, btc).values()]

    altered.alter = altering(PATHS[venue], insert)
    before = refused("instrument_shape") + refused("instrument_symbol")
    async with connected(venue, altered) as exchange:
        assert {each.symbol for each in await exchange.instruments()} == good
    assert refused("instrument_shape") + refused("instrument_symbol") > before


@pytest.mark.parametrize("venue", VENUES)
async def test_a_list_without_a_readable_row_is_a_failure_of_the_venue(venue: str, altered: AlteredExchange) -> None:
    def spoil(rows: Rows) -> None:
        rows[:] = [7] * len(rows)

    altered.alter = altering(PATHS[venue], spoil)
    async with connected(venue, altered) as exchange:
        with pytest.raises((BadData, EmptyData)):
            await exchange.instruments()


@pytest.mark.parametrize("answer", [Answer(500, "down"), {"retCode": 10001, "retMsg": "params error", "result": {}}, "HTML"])
@pytest.mark.parametrize("venue", ["bybit"])
async def test_a_reply_that_is_not_used_has_no_effect(venue: str, altered: AlteredExchange, answer: Any) -> None:
    asked: list[Mapping[str, str]] = []

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        asked.append(query)
        return answer if "PreLaunch" in query.values() else body

    altered.alter = alter
    async with connected(venue, altered) as exchange:
        assert len(await exchange.instruments()) > 20
    assert all("status" not in query for query in asked)
    assert len(asked) == 1


class Pages:
    """Bybit's list in two pages. `second` is the reply for the second page; None for the rest of the list."""

    def __init__(self, second: Any = None) -> None:
        self.second = second
        self._rest: Any = None

    def __call__(self, path: str, query: Mapping[str, str], body: Any) -> Any:
        if not path.endswith(PATHS["bybit"]):
            return body
        if "cursor" in query:
            return self.second or self._rest
        rows = rows_of(body)
        self._rest = {**body, "result": {"category": "linear", "list": rows[len(rows) // 2 :], "nextPageCursor": ""}}
        first = {"category": "linear", "list": rows[: len(rows) // 2], "nextPageCursor": "second"}
        return {**body, "result": first}


EMPTY_PAGE = {"retCode": 0, "retMsg": "OK", "result": {"category": "linear", "list": [], "nextPageCursor": ""}}


@pytest.mark.parametrize("venue", ["bybit"])
async def test_only_an_invalid_row_on_the_second_page_is_refused(venue: str, altered: AlteredExchange) -> None:
    async with connected(venue, altered) as exchange:
        good = {each.symbol for each in await exchange.instruments()}
    pages = Pages()

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        body = pages(path, query, body)
        if "cursor" in query:
            rows = rows_of(body)
            rows.insert(3, {**rows[0], "symbol": None, "contractType": "LinearFutures", "deliveryTime": "9" * 19})
        return body

    altered.alter = alter
    async with connected(venue, altered) as exchange:
        assert {each.symbol for each in await exchange.instruments()} == good


@pytest.mark.parametrize(("cursors", "count"), [(["again"] * MAX_PAGES, 2), (range(2 * MAX_PAGES), MAX_PAGES)])
@pytest.mark.parametrize("venue", ["bybit"])
async def test_pages_that_do_not_end_are_read_to_a_limit(
    venue: str, altered: AlteredExchange, cursors: Sequence[object], count: int
) -> None:
    async with connected(venue, altered) as exchange:
        good = {each.symbol for each in await exchange.instruments()}
    pages: list[Any] = []

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if not path.endswith(PATHS[venue]):
            return body
        rows = pages[0]["result"]["list"] if pages else rows_of(body)[:60]
        result = {"category": "linear", "list": rows, "nextPageCursor": str(cursors[len(pages)])}
        pages.append({"retCode": 0, "retMsg": "OK", "result": result})
        return pages[-1]

    altered.alter = alter
    async with connected(venue, altered) as exchange:
        found = {each.symbol for each in await exchange.instruments()}
    assert found
    assert found < good
    assert len(pages) == count


@pytest.mark.parametrize("venue", ["bybit"])
async def test_an_empty_second_page_is_a_part_of_the_list(venue: str, altered: AlteredExchange) -> None:
    altered.alter = Pages(EMPTY_PAGE)
    async with connected(venue, altered) as exchange:
        first = {each.symbol for each in await exchange.instruments()}
        await exchange.tickers()
        unlisted = set(exchange.unlisted)
        altered.alter = Pages()
        whole = await exchange.instruments()
        trading = {name for name, ticker in (await exchange.tickers()).items() if ticker.turnover_24h}
        assert unlisted == trading - first
        assert len(unlisted) > 15
        assert not exchange.unlisted
        altered.alter = Pages(EMPTY_PAGE)
        with pytest.raises(BadData, match="lacks"):
            await exchange.instruments()
        assert (await exchange.tickers()).keys() == {each.symbol for each in whole}


@pytest.mark.parametrize("venue", VENUES)
async def test_a_market_that_still_trades_stays_until_three_lists_lack_it(venue: str, altered: AlteredExchange) -> None:
    async with connected(venue, altered) as exchange:
        everything = {each.symbol for each in await exchange.instruments()}
        await exchange.tickers()
        altered.alter = altering(PATHS[venue], delisting(venue, ["BTCUSDT"]))
        for _ in range(LIST_CONFIRMATIONS):
            with pytest.raises(BadData, match="lacks 1"):
                await exchange.instruments()
            assert "BTCUSDT" in await exchange.tickers()
        assert {each.symbol for each in await exchange.instruments()} == everything - {"BTCUSDT"}
        await exchange.tickers()
        turnover = (await exchange.tickers())["ETHUSDT"].turnover_24h
        assert turnover is not None
        assert turnover / 10 < exchange.unlisted["BTCUSDT"] < turnover * 10


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("venue", VENUES)
async def test_a_much_shorter_list_is_refused_while_the_tickers_contradict_it(
    venue: str, altered: AlteredExchange, kept: float
) -> None:
    async with connected(venue, altered) as exchange:
        everything = [each.symbol for each in await exchange.instruments()]
        before = await exchange.tickers()
        altered.alter = altering(PATHS[venue], delisting(venue, everything[int(len(everything) * kept) :]))
        for _ in range(LIST_CONFIRMATIONS + 3):
            with pytest.raises(BadData, match="lacks"):
                await exchange.instruments()
            assert (await exchange.tickers()).keys() == before.keys()


@pytest.mark.parametrize("venue", ["binance", "okx"])
async def test_a_delisted_market_whose_ticker_stands_still_does_not_trade(venue: str, altered: AlteredExchange) -> None:
    async with connected(venue, altered) as exchange:
        everything = [each.symbol for each in await exchange.instruments()]
        gone = everything[1:10]
        delist = delisting(venue, gone)

        def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
            if path.endswith(PATHS[venue]):
                delist(rows_of(body))
            elif path.endswith(TICKERS[venue]):
                rows = rows_of(body)
                living = list(rows)
                delist(living)
                for row in rows:
                    if row not in living:
                        row[TIME[venue]] = int(row[TIME[venue]]) - 3_600_000
            return body

        altered.alter = alter
        await exchange.tickers()
        for _ in range(LIST_CONFIRMATIONS if len(gone) > 0.1 * len(everything) else 0):
            with pytest.raises(BadData, match="lacks"):
                await exchange.instruments()
        assert {each.symbol for each in await exchange.instruments()} == set(everything) - set(gone)
        await exchange.tickers()
        assert not set(exchange.unlisted) & set(gone)


@pytest.mark.parametrize("venue", VENUES)
async def test_many_delistings_are_accepted_after_further_lists_and_the_tickers_confirm_them(
    venue: str, altered: AlteredExchange
) -> None:
    async with connected(venue, altered) as exchange:
        everything = [each.symbol for each in await exchange.instruments()]
        await exchange.tickers()
        gone = set(everything[::2]) - {"BTCUSDT"}

        delist = delisting(venue, gone)

        def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
            if path.endswith((PATHS[venue], TICKERS[venue])):
                delist(rows_of(body))
            return body

        altered.alter = alter
        for _ in range(LIST_CONFIRMATIONS):
            with pytest.raises(BadData, match="lacks"):
                await exchange.instruments()
            await exchange.tickers()
        assert {each.symbol for each in await exchange.instruments()} == set(everything) - gone
