"""The settings. Flags (`--name`) override environment variables (`VIRTUOSO_NAME`), which override defaults.

Only `app` and `cli` read the settings. All other packages take plain values. An invalid value raises ConfigError with the
setting, the value and what is expected. An unknown VIRTUOSO_ variable causes a warning that suggests a similar name.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from virtuoso.domain.addresses import parse_address
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.model import SYMBOL_PATTERN, DimensionKind, Environment, Timeframe

PREFIX = "VIRTUOSO_"
HISTORY_FILE = "history.db"
VENUE = re.compile(r"[a-z0-9_]{2,32}")


class NotAllowed(ValueError):
    """The text of a setting is invalid. The message describes what is expected."""


def state_directory() -> str:
    """Return the directory of persistent state: $XDG_STATE_HOME/virtuoso or ~/.local/state/virtuoso."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return str(Path(base) / "virtuoso")


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _venues(text: str) -> tuple[str, ...]:
    names = tuple(_items(text.lower()))
    if not names or not all(VENUE.fullmatch(name) for name in names) or len(set(names)) != len(names):
        raise NotAllowed("different names of ccxt exchanges, separated by commas, such as bybit,binance")
    return names


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise NotAllowed("an http:// or https:// URL")
    return text.rstrip("/")


def _urls(text: str) -> dict[str, str]:
    try:
        value = json.loads(text) if text.strip() else {}
        return {str(name).lower(): _url(url) for name, url in value.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise NotAllowed('a JSON object of venue to URL, such as {"bybit": "http://127.0.0.1:9100"}') from error


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(_items(text))
    for origin in origins if origins != ("*",) else ():
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise NotAllowed("* alone, or origins such as https://app.example.com,http://localhost:5173")
    return origins


def _weights(names: tuple[str, ...]) -> Callable[[str], dict[str, float]]:
    def parse(text: str) -> dict[str, float]:
        try:
            value = json.loads(text) if text.strip() else {}
            given = {str(name): float(weight) for name, weight in value.items()}
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


def _symbols(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.upper() for name in _items(text)))
    if not all(SYMBOL_PATTERN.match(name) for name in names):
        raise NotAllowed(
            "USDT perpetuals, separated by commas, such as BTCUSDT,ETHUSDT; or empty for the largest by turnover"
        )
    return names


def _number(kind: Callable[[str], Any], low: float, high: float) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise NotAllowed(f"{'a whole number' if kind is int else 'a number'} from {low:g} to {high:g}")
        return value

    return parse


def _address(text: str) -> tuple[str, int]:
    try:
        return parse_address(text)
    except ValueError as error:
        raise NotAllowed("host:port, such as 127.0.0.1:50051 (0 for any free port)") from error


def _servers(text: str) -> tuple[tuple[str, int], ...]:
    try:
        return tuple(dict.fromkeys(parse_address(item, min_port=1) for item in _items(text)))
    except ValueError as error:
        raise NotAllowed(
            "host:port, separated by commas, such as server-1:50051,server-2:50051; or an empty value for GRPC_ADDRESS"
        ) from error


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0", "yes", "no", "on", "off"):
        raise NotAllowed("true or false")
    return text.lower() in ("true", "1", "yes", "on")


def _cache(text: str) -> str:
    server = r"(\[[0-9a-fA-F:]+\]|[^\s/,:\[\]]+)(:\d{1,5})?"
    ports = (int(port) for port in re.findall(r":(\d{1,5})(?=,|$)", text))
    known = re.fullmatch(rf"memory:|directory:.+|memcached://{server}(,{server})*", text)
    if not known or (text.startswith("memcached:") and not all(0 < port < 65536 for port in ports)):
        raise NotAllowed("directory:PATH, memory:, or memcached://host:port,host:port")
    return text


def _history(text: str) -> str:
    if text != "none" and not re.fullmatch(r"sqlite:///[^\0]*[^/\0]|postgres(ql)?://.+/.+", text):
        raise NotAllowed("none, sqlite:///a/path, or postgresql://user:password@host:port/database")
    return text


def _environment(text: str) -> Environment | None:
    if not text:
        return None
    try:
        return Environment[text.upper()]
    except KeyError as error:
        raise NotAllowed(
            "LIVE, SIMULATED, REPLAY, or an empty value: REPLAY if EXCHANGE_URLS is set, otherwise LIVE"
        ) from error


def _level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise NotAllowed("DEBUG, INFO, WARNING or ERROR")
    return text.upper()


def setting(default: str | Callable[[], str], parse: Callable[[str], Any], description: str) -> Any:
    """Return a field of Settings: its default as text, its parser, and its description."""
    return field(metadata={"default": default, "parse": parse, "help": description})


@dataclass(frozen=True)
class Settings:
    """The parsed settings. --help, `virtuoso config` and the README of tools/deploy show their descriptions."""

    exchanges: tuple[str, ...] = setting("bybit,binance", _venues, "venues in order of preference, by their ccxt names")
    exchange_urls: dict[str, str] = setting(
        "", _urls, "JSON object from venue to the URL that replaces the venue's own; the data is then REPLAY"
    )
    symbol_limit: int = setting(
        "50", _number(int, 1, 500), "number of symbols to score: those with the highest 24 h turnover"
    )
    symbols: tuple[str, ...] = setting("", _symbols, "symbols to score instead of those with the highest turnover")
    min_turnover_usd: float = setting("1000000", _number(float, 0, 1e15), "minimum 24 h turnover of a scored symbol, USD")
    cache: str = setting(
        lambda: f"directory:{state_directory()}/cache",
        _cache,
        "the repository: directory:PATH, memory:, memcached://host:port,…",
    )
    node_directory: str = setting(
        lambda: f"{state_directory()}/node", str, "directory of the second cache tier of this node, behind memcached"
    )
    history: str = setting(
        lambda: f"sqlite:///{state_directory()}/{HISTORY_FILE}",
        _history,
        "past scores, signals and alerts: sqlite:///PATH, postgresql://user:password@host:port/database, or none",
    )
    points_days: float = setting("30", _number(float, 1, 3650), "retention of scores in the history, days")
    history_days: float = setting(
        "365", _number(float, 7, 3650), "retention of signals, opportunities and alerts in the history, days"
    )
    weights: dict[str, float] = setting(
        "",
        _weights(tuple(kind.lower_name for kind in DimensionKind)),
        "JSON object from dimension to the weight that replaces the default; replies then have another model_version",
    )
    timeframe_weights: dict[str, float] = setting(
        "",
        _weights(tuple(timeframe.value for timeframe in Timeframe)),
        "JSON object from timeframe to the weight that replaces the default",
    )
    opportunities: bool = setting("true", _flag, "look for opportunities; false disables them everywhere")
    grpc_address: tuple[str, int] = setting("127.0.0.1:50051", _address, "address of the gRPC server")
    edge_address: tuple[str, int] = setting(
        "127.0.0.1:8003", _address, "address of the edge (Envoy): JSON, gRPC-Web and gRPC for phones and browsers"
    )
    cors_origins: tuple[str, ...] = setting(
        "*",
        _origins,
        "web origins that may call the edge, separated by commas; * allows any, as no credentials are used",
    )
    servers: tuple[tuple[str, int], ...] = setting(
        "",
        _servers,
        "servers behind the edge: host:port, separated by commas; their monitors use the port of MONITOR_ADDRESS; empty: "
        "GRPC_ADDRESS",
    )
    page_address: tuple[str, int] = setting(
        "127.0.0.1:0", _address, "address of the web page server, called only by Envoy; port 0 selects any free port"
    )
    rate_limit: int = setting(
        "50", _number(int, 0, 100_000), "requests per second that the edge accepts from one address; 0 means no limit"
    )
    rate_limit_burst: int = setting(
        "200", _number(int, 1, 100_000), "burst of requests that the edge accepts from one address"
    )
    trusted_proxies: int = setting(
        "0",
        _number(int, 0, 10),
        "number of proxies in front of the edge whose X-Forwarded-For is trusted; 0 if clients connect directly",
    )
    access_log: str = setting(
        "-",
        str,
        "access log of the edge, a file of JSON lines; - for standard output; empty for no log, the default in up",
    )
    tls_certificate: str = setting(
        "",
        str,
        "PEM file of the edge's certificate chain; the edge then serves HTTPS only and reloads a renewed file",
    )
    tls_key: str = setting("", str, "PEM file of the private key; gRPC behind the edge stays plaintext")
    monitor_address: tuple[str, int] = setting(
        "127.0.0.1:8001",
        _address,
        "address of /metrics, /healthz, /livez and /readyz; other processes use the next free ports",
    )
    max_stale_s: float = setting("600", _number(float, 31, 86_400), "age above which data is not served, seconds")
    dwell_s: float = setting("60", _number(float, 1, 86_400), "seconds for which a venue must work before it is used again")
    coingecko_url: str = setting("https://api.coingecko.com", _url, "URL of CoinGecko, the source of BTC dominance")
    environment: Environment | None = setting(
        "", _environment, "LIVE, SIMULATED or REPLAY; empty: REPLAY with EXCHANGE_URLS, otherwise LIVE"
    )
    reflection: bool = setting("true", _flag, "gRPC reflection, which lets tools read the API from the server")
    max_requests: int = setting(
        "1000", _number(int, 1, 100_000), "maximum number of concurrent unary calls per server; more are refused"
    )
    max_streams: int = setting(
        "2000", _number(int, 1, 100_000), "maximum number of open streams per server; more are refused"
    )
    heartbeat_s: float = setting(
        "10", _number(float, 0.1, 29), "seconds of silence on a stream after which a heartbeat is sent"
    )
    grace_s: float = setting("8", _number(float, 0, 300), "seconds for calls in flight to finish at shutdown")
    log_level: str = setting("INFO", _level, "DEBUG, INFO, WARNING or ERROR")

    @property
    def effective_environment(self) -> Environment:
        """The environment of the market data."""
        return self.environment or (Environment.REPLAY if self.exchange_urls else Environment.LIVE)

    @property
    def effective_history(self) -> str | None:
        """The URL of the history, or None.

        The default file is for live markets only. Simulated and replayed markets have separate files, so that their data
        is never mixed with live data."""
        environment = self.effective_environment
        if environment is not Environment.LIVE and self.history == default_text(self.__dataclass_fields__["history"]):
            return self.history.replace(HISTORY_FILE, f"history-{environment.lower_name}.db")
        return None if self.history == "none" else self.history


@dataclass(frozen=True)
class LoadedSettings:
    """The settings, the text and source (default, environment, flag) of each, and warnings about unknown variables."""

    settings: Settings
    texts: dict[str, tuple[str, str]]
    warnings: tuple[str, ...]


def env_name(item: Field[Any]) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + item.name.upper()


def default_text(item: Field[Any]) -> str:
    """Return the default of a setting as text."""
    default = item.metadata["default"]
    return str(default() if callable(default) else default)


def load(env: Mapping[str, str], flags: Mapping[str, str | None]) -> LoadedSettings:
    """Return the settings from defaults, `env` and `flags`. Later sources override earlier ones.

    The keys of `flags` are field names. None means that the flag is not set. Raise ConfigError for an invalid value."""
    values: dict[str, Any] = {}
    texts: dict[str, tuple[str, str]] = {}
    for item in fields(Settings):
        text, source = default_text(item), "default"
        if (given := env.get(env_name(item))) is not None:
            text, source = given, "environment"
        if (given := flags.get(item.name)) is not None:
            text, source = given, "flag"
        try:
            values[item.name] = item.metadata["parse"](text)
        except NotAllowed as error:
            raise ConfigError(f"{env_name(item)}={text!r} ({source}): expected {error}") from error
        texts[item.name] = (text, source)
    known = {env_name(item) for item in fields(Settings)}
    warnings = []
    for name in sorted(set(env) - known):
        if name.startswith(PREFIX):
            near = difflib.get_close_matches(name, known, n=1)
            warnings.append(
                f"{name} is not a setting of this version and is ignored{f'; did you mean {near[0]}?' if near else ''}"
            )
    settings = Settings(**values)
    missing = sorted(set(settings.exchange_urls) - set(settings.exchanges))
    if missing:
        warnings.append(f"{PREFIX}EXCHANGE_URLS names {', '.join(missing)}, which {PREFIX}EXCHANGES does not contain")
    return LoadedSettings(settings, texts, tuple(warnings))
