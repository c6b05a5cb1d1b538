"""A venue of which some symbols contradict themselves, pay funding every hour, hardly move or cannot be measured. Each of
these symbols differs in one way, so one product on this venue shows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.test_altered_rows import BARS, PRICE, SYMBOL, TICKERS, VENUES, rows_of
from virtuoso.domain.clock import epoch_ms

HOUR_MS = 3_600_000
INTERVALS = ("5", "5m")
HOURLY, STILL = "LTCUSDT", "BNBUSDT"
HISTORIES = ("/v5/market/funding/history", "/fapi/v1/fundingRate")
RATES = ("/v5/market/tickers", "/fapi/v1/premiumIndex")
KLINES = ("/v5/market/kline", "/fapi/v1/klines")
LISTS = ("instruments-info", "exchangeInfo", "public/instruments")
FAR = "9223372036854775807"
ODD_ROWS: tuple[dict[str, Any] | None, ...] = (
    None,
    {},
    {"contractType": "LinearPerpetual", "settleCoin": "USDT", "baseCoin": "BTC", "quoteCoin": "USDT", "status": "Trading"},
    {"symbol": "BTC-26DEC25", "contractType": "LinearFutures", "baseCoin": "BTC", "quoteCoin": "USDT", "deliveryTime": FAR},
    {"instId": "BTC-USDT-261226", "instType": "FUTURES", "alias": "quarter", "expTime": FAR},
    {"symbol": "BTCUSDT_261226", "contractType": "CURRENT_QUARTER", "deliveryDate": int(FAR)},
)


def listed(body: Any) -> list[Any]:
    """Return the rows of a list of markets. A change to them changes the reply."""
    rows = body.get("symbols") or body.get("data") or body["result"]["list"]
    assert isinstance(rows, list)
    return rows


def symbol_of(names: Mapping[str, Any]) -> str:
    """Return the symbol of a row or a query, without the hyphens of okx."""
    return str(names.get("symbol") or names.get("instId") or "").removesuffix("-SWAP").replace("-", "")


def with_odd_rows(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Add odd rows to the list of markets."""
    if path.endswith(LISTS):
        listed(body)[3:3] = ODD_ROWS
    return body


def contradict(path: str, query: Mapping[str, str], body: Any) -> None:
    """Multiply the last price of ETH by 10 and all candles of SOL by 1000. Multiply the 5m candles of XRP by 10, except for
    the newest 30. Leave out one 5m candle of DOGE."""
    if path.endswith(TICKERS):
        for row in rows_of(body):
            for venue in VENUES:
                if str(row.get(SYMBOL[venue])).startswith(("ETHUSDT", "ETH-USDT-SWAP")):
                    row |= {n: str(10 * float(row[n])) for n in {PRICE[venue], "markPrice"} & row.keys()}
                    break
    base = symbol_of(query)[:3]
    if path.endswith(BARS) and base in ("SOL", "XRP", "DOG"):
        five = (query.get("interval") or query.get("bar")) in INTERVALS
        rows = rows_of(body)
        rows.sort(key=lambda row: int(row[0]))
        factor, count = {"SOL": (1000, len(rows)), "XRP": (10, len(rows) - 31 if five else 0)}.get(base, (1, 0))
        for row in rows[: max(0, count)]:
            row[1:5] = [str(factor * float(cell)) for cell in row[1:5]]
        if base == "DOG" and five:
            rows[:] = [row for row in rows if int(row[0]) // 300_000 % 12 != 0]  # the candle of each full hour


def pay_hourly_and_stand_still(path: str, query: Mapping[str, str], body: Any) -> None:
    """Let HOURLY pay 0.01 % every 8 hours until 6 hours ago, and 0.00125 % every hour since then. Let the price of STILL
    move by one tick at full hours only. Okx is not altered."""
    rows: list[Any] = body if isinstance(body, list) else (body.get("result") or {}).get("list") or []
    symbol = query.get("symbol")
    if path in HISTORIES and symbol == HOURLY:
        switched = (epoch_ms() // HOUR_MS - 6) * HOUR_MS
        payments = [(switched - 8 * HOUR_MS * i, "0.0001") for i in range(60)]
        payments += [(switched + HOUR_MS * (i + 1), "0.0000125") for i in range(6)]
        payments.sort(reverse=rows is not body)  # Bybit lists the newest first
        name = "fundingRateTimestamp" if "fundingRateTimestamp" in rows[0] else "fundingTime"
        rows[:] = [{**rows[0], "fundingRate": rate, name: type(rows[0][name])(at)} for at, rate in payments]
    elif path in RATES:
        for row in rows:
            if row["symbol"] == HOURLY:
                next_ms = type(row["nextFundingTime"])((epoch_ms() // HOUR_MS + 1) * HOUR_MS)
                row.update(fundingRate="0.0000125", lastFundingRate="0.0000125", nextFundingTime=next_ms)
    elif path in KLINES and symbol == STILL and query["interval"] in ("1", "1m"):
        price = float(rows[0][4])
        for row in rows:
            row[1:5] = [f"{price * (1 + 0.0001 * (int(row[0]) // HOUR_MS % 2)):.2f}"] * 4


def without_rows(body: Any) -> Any:
    """Return a reply without its rows."""
    if isinstance(body, list):
        return []
    return {name: without_rows(value) if isinstance(value, dict | list) else value for name, value in body.items()}


def without_data(path: str, body: Any) -> Any:
    """Alter a reply of a symbol that is listed, but has a row of tickers only."""
    return without_rows(body)


def halted(path: str, body: Any) -> Any:
    """Alter a reply of a symbol in which nothing has traded for two hours: flat bars without volume and old trades."""
    since = epoch_ms() - 2 * HOUR_MS
    rows: list[Any] = body if isinstance(body, list) else body.get("data") or body.get("result", {}).get("list") or []
    if "kline" in path or "candles" in path:
        last = next((row[4] for row in sorted(rows, key=lambda row: -int(row[0])) if int(row[0]) < since), rows[0][4])
        volumes = (5, 7) if "kline" in path else (5, 6, 7)  # cell 6 of Binance is the close time
        for row in (row for row in rows if int(row[0]) >= since):
            row[1:5] = [last] * 4
            for cell in (cell for cell in volumes if cell < len(row)):
                row[cell] = "0"
    elif path.endswith(("/recent-trade", "/trades")):
        name = next(each for each in ("time", "ts") if each in rows[0])
        late = max(int(row[name]) for row in rows) - since
        for row in rows:
            row[name] = type(row[name])(int(row[name]) - late)
    return body


def unaltered(path: str, body: Any) -> Any:
    """Return the reply of a symbol that has everything but a row of tickers."""
    return body


UNMEASURABLE: dict[str, Callable[[str, Any], Any]] = {"AVAXUSDT": unaltered, "LINKUSDT": without_data, "ADAUSDT": halted}


def altered(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Alter a reply in all these ways. The list of markets has odd rows. AVAXUSDT is listed, but has no row of tickers."""
    with_odd_rows(path, query, body)
    contradict(path, query, body)
    pay_hourly_and_stand_still(path, query, body)
    if "ticker" in path:
        rows = rows_of(body)
        rows[:] = [row for row in rows if symbol_of(row) != "AVAXUSDT"]
    return UNMEASURABLE.get(symbol_of(query), unaltered)(path, body)
