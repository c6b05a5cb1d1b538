"""Parsers of settings from text. Each returns the value, or raises NotAllowed with what is expected."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from virtuoso.domain.addresses import memcached_servers, parse_address
from virtuoso.domain.model import SYMBOL_PATTERN, Environment
from virtuoso.domain.numbers import parse_number, parse_whole

VENUE = re.compile(r"[a-z0-9_]{2,32}")
MIN_KEY_LENGTH = 16


class NotAllowed(ValueError):
    """The text of a setting is invalid. The message describes what is expected."""


def items(text: str) -> list[str]:
    """Return the items of a list that is separated by commas."""
    return [item.strip() for item in text.split(",") if item.strip()]


def venues(text: str) -> tuple[str, ...]:
    """Return the names of venues, in lower case."""
    names = tuple(items(text.lower()))
    if not names or not all(VENUE.fullmatch(name) for name in names) or len(set(names)) != len(names):
        raise NotAllowed("different names of ccxt exchanges, separated by commas, such as bybit,binance")
    return names


def url(text: str) -> str:
    """Return an HTTP URL without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise NotAllowed("an http:// or https:// URL")
    return text.rstrip("/")


def urls(text: str) -> dict[str, str]:
    """Return the URL of each venue, from a JSON object."""
    try:
        value = json.loads(text) if text.strip() else {}
        return {str(name).lower(): url(address) for name, address in value.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise NotAllowed('a JSON object of venue to URL, such as {"bybit": "http://127.0.0.1:9100"}') from error


def streams(text: str) -> dict[str, str]:
    """Return the mode of streams by venue. The key "" has the mode of all other venues."""
    pairs = [re.fullmatch(r"(?:([a-z0-9_]{2,32})=)?(auto|on|off)", item) for item in items(text.lower())]
    found = {pair[1] or "": pair[2] for pair in pairs if pair is not None}
    if not found or len(found) < len(pairs):
        raise NotAllowed("auto, on or off, for all venues or for each, such as bybit=on,binance=off")
    return {"": "auto", **found}


def origins(text: str) -> tuple[str, ...]:
    """Return web origins, or ("*",)."""
    given = tuple(items(text))
    for origin in given if given != ("*",) else ():
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise NotAllowed("* alone, or origins such as https://app.example.com,http://localhost:5173")
    return given


def weights(names: tuple[str, ...]) -> Callable[[str], dict[str, float]]:
    """Return a parser of a JSON object from `names` to weights."""

    def parse(text: str) -> dict[str, float]:
        try:
            value = json.loads(text) if text.strip() else {}
            given = {str(name): parse_number(str(weight)) for name, weight in value.items()}
        except (ValueError, AttributeError, TypeError):
            given = {"": 0.0}
        if not set(given) <= set(names) or not all(0 <= weight <= 1000 for weight in given.values()):
            raise NotAllowed(
                f"a JSON object of {', '.join(names)} to numbers from 0 to 1000; the others keep their defaults"
            )
        if set(given) == set(names) and not any(given.values()):
            raise NotAllowed("at least one weight above 0")
        return given

    return parse


def symbols(text: str) -> tuple[str, ...]:
    """Return symbols in upper case, each once."""
    names = tuple(dict.fromkeys(name.upper() for name in items(text)))
    if not all(SYMBOL_PATTERN.match(name) for name in names):
        raise NotAllowed(
            "USDT perpetuals, separated by commas, such as BTCUSDT,ETHUSDT; or empty for the largest by turnover"
        )
    return names


def number(kind: type[int | float], low: float, high: float) -> Callable[[str], Any]:
    """Return a parser of a number from `low` to `high`. Spaces around it are ignored."""
    read: Callable[[str], int | float] = parse_whole if kind is int else parse_number

    def parse(text: str) -> Any:
        try:
            value = read(text.strip())
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise NotAllowed(f"{'a whole number' if kind is int else 'a number'} from {low:g} to {high:g}")
        return value

    return parse


def address(text: str) -> tuple[str, int]:
    """Return (host, port)."""
    try:
        return parse_address(text)
    except ValueError as error:
        raise NotAllowed("host:port, such as 127.0.0.1:50051 (0 for any free port)") from error


def address_or_none(text: str) -> tuple[str, int] | None:
    """Return (host, port), or None for "none"."""
    try:
        return None if text == "none" else parse_address(text)
    except ValueError as error:
        raise NotAllowed("host:port, such as 127.0.0.1:8001 (0 for any free port), or none") from error


def metrics_address(text: str) -> tuple[str, int] | str | None:
    """Return (host, port), None for "none", or "" for an empty text."""
    return address_or_none(text) if text else ""


def servers(text: str) -> tuple[tuple[str, int], ...]:
    """Return (host, port) of each server."""
    try:
        return tuple(dict.fromkeys(parse_address(item, min_port=1) for item in items(text)))
    except ValueError as error:
        raise NotAllowed(
            "host:port, separated by commas, such as server-1:50051,server-2:50051; or an empty value for GRPC_ADDRESS"
        ) from error


def flag(text: str) -> bool:
    """Return True for true, 1, yes and on."""
    if text.lower() not in ("true", "false", "1", "0", "yes", "no", "on", "off"):
        raise NotAllowed("true or false")
    return text.lower() in ("true", "1", "yes", "on")


def cache(text: str) -> str:
    """Return the URL of a repository."""
    allowed = NotAllowed("directory:PATH, memory:, or memcached://host:port,host:port")
    try:
        servers = memcached_servers(text)
    except ValueError as error:
        raise allowed from error
    if not servers and not re.fullmatch(r"memory:|directory:.+", text):
        raise allowed
    return text


def cluster_keys(text: str) -> tuple[str, ...]:
    """Return the keys, the signing one first."""
    keys = tuple(items(text))
    if not all(len(key) >= MIN_KEY_LENGTH for key in keys):
        raise NotAllowed(
            f"secrets of at least {MIN_KEY_LENGTH} characters, separated by commas; the first one signs, all are accepted"
        )
    return keys


def history(text: str) -> str:
    """Return the URL of a history, or none."""
    if text != "none" and not re.fullmatch(r"sqlite:///[^\0]*[^/\0]|postgres(ql)?://.+/.+", text):
        raise NotAllowed("none, sqlite:///a/path, or postgresql://user:password@host:port/database")
    return text


def environment(text: str) -> Environment | None:
    """Return the environment. Return None for an empty text."""
    if not text:
        return None
    try:
        return Environment[text.upper()]
    except KeyError as error:
        raise NotAllowed(
            "LIVE, SIMULATED, REPLAY, or an empty value: REPLAY if EXCHANGE_URLS is set, otherwise LIVE"
        ) from error


def level(text: str) -> str:
    """Return the name of a log level."""
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise NotAllowed("DEBUG, INFO, WARNING or ERROR")
    return text.upper()
