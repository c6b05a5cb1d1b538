"""Cut recordings to the recorded replies of this folder: one reply for each request, and a subset of the rows of long lists.

python -m tests.data.cut BYBIT BINANCE COINGECKO.json
"""

from __future__ import annotations

import json
import lzma
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from virtuoso.recording.file import read

FOLDER = Path(__file__).parent
BOOKS = 2  # for each symbol, so that a book can be compared with the previous one
LISTS = ("instruments-info", "exchangeInfo", "market/tickers", "ticker/24hr", "premiumIndex")
USUAL = 40  # number of ordinary markets, in addition to those chosen for an odd property

Row = Mapping[str, Any]


def main(bybit: Path, binance: Path, coingecko: Path) -> None:
    """Write a file for each venue."""
    _write("bybit", _cut(bybit, bybit_markets))
    _write("binance", _cut(binance, binance_markets))
    body = json.loads(coingecko.read_text())
    _write("coingecko", [_line("/api/v3/global", {}, body["data"]["updated_at"] * 1000, body)])


def _cut(recording: Path, markets: Callable[[Iterable[Row], set[str]], set[str]]) -> Iterator[Row]:
    """Yield the replies of a recording, one for each request. Order books have BOOKS replies."""
    replies = [reply for event in read(recording) for reply in event.get("replies", ()) if reply[1] == 200]
    parsed = [(urlsplit(url), int(received_ms), json.loads(body)) for url, _, _, body, received_ms in replies]
    followed = {query["symbol"] for parts, _, _ in parsed if "symbol" in (query := dict(parse_qsl(parts.query)))}
    lists = [rows for parts, _, body in parsed if parts.path.endswith(LISTS[:2]) and (rows := _rows(body))]
    chosen = markets(lists[0], followed)
    seen: dict[tuple[str, str], int] = {}
    for parts, received_ms, body in parsed:
        query = {name: value for name, value in parse_qsl(parts.query) if name not in ("limit", "category")}
        key = parts.path, json.dumps(query, sort_keys=True)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > (BOOKS if parts.path.endswith(("orderbook", "depth")) else 1):
            continue
        if parts.path.endswith(LISTS):
            _rows(body)[:] = [row for row in _rows(body) if row["symbol"] in chosen]
        yield _line(parts.path, query, received_ms, body)


def _rows(body: Any) -> list[Any]:
    """Return the list of a reply, wherever the venue places it."""
    rows: list[Any] = body if isinstance(body, list) else body.get("symbols") or body["result"]["list"]
    return rows


def bybit_markets(rows: Iterable[Row], followed: set[str]) -> set[str]:
    """Return the symbols of the followed markets, some markets of each odd kind, the newest listings, and ordinary
    markets."""
    dated = [row for row in rows if row["contractType"] == "LinearFutures"]
    perpetuals = [row for row in rows if row["contractType"] == "LinearPerpetual"]
    usdt = [row for row in perpetuals if row["quoteCoin"] == "USDT"]
    odd = [
        *[row for row in dated if row["quoteCoin"] == "USDC"][:4],
        *[row for row in dated if row["quoteCoin"] == "USDT"][:4],
        *[row for row in perpetuals if row["quoteCoin"] == "USDC"][:6],
        *[row for row in usdt if "1000" in row["symbol"]][:6],
        *sorted(usdt, key=lambda row: -int(row["launchTime"]))[:5],
    ]
    dead = {"ALPHAUSDT", "EOSUSDT", "MKRUSDT", "WAVESUSDT"}
    return followed | dead | {row["symbol"] for row in odd} | {row["symbol"] for row in islice(usdt, USUAL)}


def binance_markets(rows: Iterable[Row], followed: set[str]) -> set[str]:
    """Return the same for Binance, which also lists settled markets and markets that have not started."""
    usdt = [row for row in rows if (row["contractType"], row["quoteAsset"]) == ("PERPETUAL", "USDT")]
    live = [row for row in usdt if row["status"] == "TRADING"]
    odd = [
        *[row for row in rows if "_" in row["symbol"]][:7],
        *[row for row in rows if row["quoteAsset"] != "USDT"][:6],
        *[row for row in usdt if row["status"] == "SETTLING"][:5],
        *[row for row in usdt if row["status"] == "PENDING_TRADING"][:4],
        *[row for row in live if "1000" in row["symbol"]][:5],
        *sorted(live, key=lambda row: -int(row["onboardDate"]))[:5],
    ]
    return followed | {row["symbol"] for row in odd} | {row["symbol"] for row in islice(live, USUAL)}


def _line(path: str, query: Row, received_ms: int, body: Any) -> Row:
    return {"path": path, "query": query, "received_ms": received_ms, "body": body}


def _write(venue: str, lines: Iterable[Row]) -> None:
    """Write a line of JSON for each reply."""
    text = "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)
    file = FOLDER / f"{venue}.jsonl.xz"
    file.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    sys.stdout.write(f"{file.name}: {text.count(chr(10))} replies, {file.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
