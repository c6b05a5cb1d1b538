"""The settings. Flags (`--name`) override environment variables (`VIRTUOSO_NAME`), which override defaults.

Only `app` and `cli` read the settings. All other packages take plain values. An invalid value raises ConfigError with the
setting, the value and what is expected. An unknown VIRTUOSO_ variable causes a warning that suggests a similar name.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from virtuoso.domain import setting_values as values
from virtuoso.domain.addresses import is_loopback, memcached_servers
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.model import DimensionKind, Environment, Timeframe
from virtuoso.domain.private_files import open_to_all

PREFIX = "VIRTUOSO_"
HISTORY_FILE = "history.db"
KEY_FILES = ("tls_key", "grpc_tls_key", "grpc_tls_client_key")  # the settings that name a file with a private key
FILE_SUFFIX = "_FILE"
MASK = "***"


def state_directory() -> str:
    """Return the directory of persistent state: $XDG_STATE_HOME/virtuoso or ~/.local/state/virtuoso."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return str(Path(base) / "virtuoso")


def setting(default: str | Callable[[], str], parse: Callable[[str], Any], description: str, *, secret: bool = False) -> Any:
    """Return a field of Settings: its default as text, its parser, and its description.

    A `secret` can also be read from a file, whose name is in the variable `NAME_FILE`. It is never printed."""
    return field(metadata={"default": default, "parse": parse, "help": description, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """The parsed settings. --help, `virtuoso config` and the README of tools/deploy show their descriptions."""

    exchanges: tuple[str, ...] = setting(
        "bybit,binance", values.venues, "venues in order of preference, by their ccxt names"
    )
    exchange_urls: dict[str, str] = setting(
        "", values.urls, "JSON object from venue to the URL that replaces the venue's own; the data is then REPLAY"
    )
    streams: dict[str, str] = setting(
        "auto",
        values.streams,
        "whether the market data of a venue is streamed: auto (Bybit and Binance), on (others too, as far as ccxt streams "
        "them) or off (it is polled), such as bybit=on,binance=off",
    )
    pass_period_s: float = setting(
        "1",
        values.number(float, 0.2, 60),
        "seconds between two passes over a market that streams; others follow their polls",
    )
    symbol_limit: int = setting(
        "50", values.number(int, 1, 500), "number of symbols to score: those with the highest 24 h turnover"
    )
    symbols: tuple[str, ...] = setting("", values.symbols, "symbols to score instead of those with the highest turnover")
    min_turnover_usd: float = setting(
        "1000000", values.number(float, 0, 1e15), "minimum 24 h turnover of a scored symbol, USD"
    )
    cache: str = setting(
        lambda: f"directory:{state_directory()}/cache",
        values.cache,
        "the repository: directory:PATH, memory:, memcached://host:port,…",
    )
    node_directory: str = setting(
        lambda: f"{state_directory()}/node", str, "directory of the second cache tier of this node, behind memcached"
    )
    cluster_key: tuple[str, ...] = setting(
        "",
        values.cluster_keys,
        "secret that signs everything in the repository, the same on every node; required unless memcached is on this "
        "machine; new,old while it is changed",
        secret=True,
    )
    history: str = setting(
        lambda: f"sqlite:///{state_directory()}/{HISTORY_FILE}",
        values.history,
        "past scores, signals and alerts: sqlite:///PATH, postgresql://user:password@host:port/database, or none",
        secret=True,
    )
    points_days: float = setting("30", values.number(float, 1, 3650), "retention of scores in the history, days")
    history_days: float = setting(
        "365", values.number(float, 7, 3650), "retention of signals, opportunities and alerts in the history, days"
    )
    weights: dict[str, float] = setting(
        "",
        values.weights(tuple(kind.lower_name for kind in DimensionKind)),
        "JSON object from dimension to the weight that replaces the default; replies then have another model_version",
    )
    timeframe_weights: dict[str, float] = setting(
        "",
        values.weights(tuple(timeframe.value for timeframe in Timeframe)),
        "JSON object from timeframe to the weight that replaces the default",
    )
    taker_fee_percent: float = setting(
        "0.055", values.number(float, 0, 5), "taker fee that signals are charged at entry and exit, percent"
    )
    spread_percent: float = setting(
        "0.02", values.number(float, 0, 5), "spread that signals are charged where the order book is not known, percent"
    )
    funding_day_percent: float = setting(
        "0.03", values.number(float, 0, 20), "funding per day that signals are charged where the rate is not known, percent"
    )
    opportunities: bool = setting("true", values.flag, "look for opportunities; false disables them everywhere")
    grpc_address: tuple[str, int] = setting("127.0.0.1:50051", values.address, "address of the gRPC server")
    grpc_access_log: str = setting(
        "",
        str,
        "access log of the gRPC port, a file of JSON lines with the name of each client certificate; - for standard output",
    )
    grpc_tls_certificate: str = setting(
        "",
        str,
        "PEM file of the servers' certificate chain; the gRPC port then serves TLS only and reloads a renewed file",
    )
    grpc_tls_key: str = setting("", str, "PEM file of the private key of GRPC_TLS_CERTIFICATE")
    grpc_tls_client_ca: str = setting(
        "", str, "PEM file of the authorities of client certificates; the gRPC port then refuses clients without one (mTLS)"
    )
    grpc_tls_ca: str = setting(
        "",
        str,
        "PEM file of the authorities of the servers' certificates; the edge, doctor, probe and top then call servers by TLS",
    )
    grpc_tls_client_certificate: str = setting(
        "", str, "PEM file of the certificate that the edge, doctor, probe and top show to servers"
    )
    grpc_tls_client_key: str = setting("", str, "PEM file of the private key of GRPC_TLS_CLIENT_CERTIFICATE")
    grpc_tls_server_name: str = setting(
        "", str, "name in the servers' certificates, if it is not the host of their addresses"
    )
    edge_address: tuple[str, int] = setting(
        "127.0.0.1:8003", values.address, "address of the edge (Envoy): JSON, gRPC-Web and gRPC for phones and browsers"
    )
    cors_origins: tuple[str, ...] = setting(
        "*",
        values.origins,
        "web origins that may call the edge, separated by commas; * allows any, as no credentials are used",
    )
    servers: tuple[tuple[str, int], ...] = setting(
        "",
        values.servers,
        "servers behind the edge: host:port, separated by commas; their monitors use the port of MONITOR_ADDRESS; empty: "
        "GRPC_ADDRESS",
    )
    page_address: tuple[str, int] = setting(
        "127.0.0.1:0", values.address, "address of the web page server, called only by Envoy; port 0 selects any free port"
    )
    rate_limit: int = setting(
        "50", values.number(int, 0, 100_000), "requests per second that the edge accepts from one address; 0 means no limit"
    )
    rate_limit_burst: int = setting(
        "200", values.number(int, 1, 100_000), "burst of requests that the edge accepts from one address"
    )
    trusted_proxies: int = setting(
        "0",
        values.number(int, 0, 10),
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
    tls_key: str = setting("", str, "PEM file of the private key of TLS_CERTIFICATE")
    monitor_address: tuple[str, int] | None = setting(
        "127.0.0.1:8001",
        values.address_or_none,
        "address of /metrics, /healthz, /livez and /readyz, or none; other processes use the next free ports",
    )
    metrics_address: tuple[str, int] | str | None = setting(
        "",
        values.metrics_address,
        "address of /metrics alone, or none; empty: that of MONITOR_ADDRESS; other processes use the next free ports",
    )
    max_stale_s: float = setting("600", values.number(float, 31, 86_400), "age above which data is not served, seconds")
    dwell_s: float = setting(
        "60", values.number(float, 1, 86_400), "seconds for which a venue must work before it is used again"
    )
    coingecko_url: str = setting("https://api.coingecko.com", values.url, "URL of CoinGecko, the source of BTC dominance")
    environment: Environment | None = setting(
        "", values.environment, "LIVE, SIMULATED or REPLAY; empty: REPLAY with EXCHANGE_URLS, otherwise LIVE"
    )
    reflection: bool = setting("true", values.flag, "gRPC reflection, which lets tools read the API from the server")
    max_requests: int = setting(
        "1000", values.number(int, 1, 100_000), "maximum number of concurrent unary calls per server; more are refused"
    )
    max_streams: int = setting(
        "2000", values.number(int, 1, 100_000), "maximum number of open streams per server; more are refused"
    )
    max_streams_per_address: int = setting(
        "200",
        values.number(int, 1, 100_000),
        "maximum number of open streams per server that come from one address; more are refused",
    )
    connection_age_s: float = setting(
        "3600",
        values.number(float, 1, 86_400 * 30),
        "age at which servers and the edge end streams and connections, seconds, within 10 %; clients resume on new ones",
    )
    heartbeat_s: float = setting(
        "10", values.number(float, 0.1, 29), "seconds of silence on a stream after which a heartbeat is sent"
    )
    grace_s: float = setting("8", values.number(float, 0, 300), "seconds for calls in flight to finish at shutdown")
    log_level: str = setting("INFO", values.level, "DEBUG, INFO, WARNING or ERROR")

    def stream_mode(self, venue: str) -> str:
        """Return auto, on or off."""
        return self.streams.get(venue, self.streams[""])

    @property
    def effective_environment(self) -> Environment:
        """The environment of the market data."""
        return self.stated_environment or Environment.LIVE

    @property
    def stated_environment(self) -> Environment | None:
        """The environment as far as the settings state it. Without any, a server serves that of its collectors."""
        return self.environment or (Environment.REPLAY if self.exchange_urls else None)

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
    """The settings, the text and source (default, environment, file, flag) of each, and warnings about unknown variables.

    The texts of secrets are masked. `flags` are the unmasked texts of those that were set by flags. `secret_files` are the
    files with secrets, by the variable that names each."""

    settings: Settings
    texts: dict[str, tuple[str, str]]
    flags: dict[str, str] = field(repr=False)
    secret_files: dict[str, str]
    warnings: tuple[str, ...]


def env_name(item: Field[Any]) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + item.name.upper()


def default_text(item: Field[Any]) -> str:
    """Return the default of a setting as text."""
    default = item.metadata["default"]
    return str(default() if callable(default) else default)


def masked(text: str, *, secret: bool) -> str:
    """Return `text` without passwords: those in URLs, and the whole of a `secret` that is not a URL."""
    if secret and text and "//" not in text and text != "none":
        return MASK
    return re.sub(r"(://(?:[^/@:]*:)?).*@", rf"\1{MASK}@", text)


def _given(item: Field[Any], env: Mapping[str, str], flags: Mapping[str, str | None]) -> tuple[str, str]:
    """Return the text of a setting and its source. Raise ConfigError if the file of a secret cannot be read."""
    text, source = default_text(item), "default"
    name = env_name(item)
    if item.metadata["secret"] and (path := env.get(f"{name}{FILE_SUFFIX}")):
        if name in env:
            raise ConfigError(f"{name} and {name}{FILE_SUFFIX} are both set: remove one of them")
        try:
            text, source = Path(path).read_text().strip(), "file"
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}{FILE_SUFFIX}={path!r}: cannot be read: {error}") from error
    if (given := env.get(name)) is not None:
        text, source = given, "environment"
    if (given := flags.get(item.name)) is not None:
        text, source = given, "flag"
    return text, source


def _check_cluster_key(settings: Settings) -> None:
    """Raise ConfigError when others can reach memcached and nothing signs what is stored there."""
    remote = [host for host, _ in memcached_servers(settings.cache) if not is_loopback(host)]
    if remote and not settings.cluster_key:
        raise ConfigError(
            f"{PREFIX}CLUSTER_KEY is required, because memcached on {', '.join(remote)} is not on this machine, and anybody "
            f"who reaches it could write there: set the same secret of {values.MIN_KEY_LENGTH} or more characters on "
            "each node"
        )


def _check_grpc_tls(settings: Settings) -> None:
    """Raise ConfigError when a setting of TLS on the gRPC port is of no use without another one."""
    for name, needed in (
        ("grpc_tls_certificate", "grpc_tls_key"),
        ("grpc_tls_key", "grpc_tls_certificate"),
        ("grpc_tls_client_ca", "grpc_tls_certificate"),
        ("grpc_tls_client_certificate", "grpc_tls_client_key"),
        ("grpc_tls_client_key", "grpc_tls_client_certificate"),
        ("grpc_tls_client_certificate", "grpc_tls_ca"),
        ("grpc_tls_server_name", "grpc_tls_ca"),
    ):
        if getattr(settings, name) and not getattr(settings, needed):
            raise ConfigError(f"{PREFIX}{name.upper()} is set and {PREFIX}{needed.upper()} is not: expected both")


def load(env: Mapping[str, str], flags: Mapping[str, str | None]) -> LoadedSettings:
    """Return the settings from defaults, `env` and `flags`. Later sources override earlier ones.

    The keys of `flags` are field names. None means that the flag is not set. Raise ConfigError for an invalid value."""
    parsed: dict[str, Any] = {}
    texts: dict[str, tuple[str, str]] = {}
    for item in fields(Settings):
        text, source = _given(item, env, flags)
        shown = masked(text, secret=item.metadata["secret"])
        try:
            parsed[item.name] = item.metadata["parse"](text)
        except values.NotAllowed as error:
            raise ConfigError(f"{env_name(item)}={shown!r} ({source}): expected {error}") from error
        texts[item.name] = (shown, source)
    known = {env_name(item) for item in fields(Settings)}
    known |= {f"{env_name(item)}{FILE_SUFFIX}" for item in fields(Settings) if item.metadata["secret"]}
    warnings = []
    for name in sorted(set(env) - known):
        if name.startswith(PREFIX):
            near = difflib.get_close_matches(name, known, n=1)
            warnings.append(
                f"{name} is not a setting of this version and is ignored{f'; did you mean {near[0]}?' if near else ''}"
            )
    settings = Settings(**parsed)
    _check_cluster_key(settings)
    _check_grpc_tls(settings)
    secret_files = {f"{PREFIX}{name.upper()}": getattr(settings, name) for name in KEY_FILES}
    secret_files |= {name: env[name] for name in known & set(env) if name.endswith(FILE_SUFFIX)}
    secret_files = {name: path for name, path in sorted(secret_files.items()) if path}
    warnings += [
        f"{name}={path!r} holds a secret, and every user of this machine may read it: chmod o-rwx {path}"
        for name, path in secret_files.items()
        if open_to_all(path)
    ]
    for name, venues in (("EXCHANGE_URLS", settings.exchange_urls), ("STREAMS", settings.streams)):
        if missing := sorted(set(venues) - {"", *settings.exchanges}):
            warnings.append(f"{PREFIX}{name} names {', '.join(missing)}, which {PREFIX}EXCHANGES does not contain")
    given = {name: text for name, text in flags.items() if text is not None}
    return LoadedSettings(settings, texts, given, secret_files, tuple(warnings))
