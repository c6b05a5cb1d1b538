"""Settings: where they come from, and the errors for invalid ones."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tests.programs import ROOT
from virtuoso.config import Settings, env_name, load
from virtuoso.domain.errors import ConfigError
from virtuoso.domain.model import Environment

SECRET = "a secret of the cluster"  # noqa: S105 - of no cluster


def test_flags_override_the_environment_which_overrides_defaults() -> None:
    loaded = load({"VIRTUOSO_SYMBOL_LIMIT": "20", "VIRTUOSO_MAX_STALE_S": "100"}, {"symbol_limit": "30"})
    assert loaded.settings.symbol_limit == 30
    assert loaded.settings.max_stale_s == 100
    assert loaded.settings.exchanges == ("bybit", "binance")
    assert loaded.texts["symbol_limit"] == ("30", "flag")
    assert loaded.texts["max_stale_s"] == ("100", "environment")
    assert loaded.texts["exchanges"][1] == "default"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("SYMBOL_LIMIT", "0", "from 1 to 500"),
        ("SYMBOL_LIMIT", "many", "a whole number"),
        ("EXCHANGES", "", "names of ccxt exchanges"),
        ("EXCHANGES", "bybit,bybit", "different"),
        ("EXCHANGE_URLS", "http://x", "JSON object"),
        ("EXCHANGE_URLS", '{"bybit": "ftp://x"}', "JSON object"),
        ("STREAMS", "yes", "auto, on or off"),
        ("STREAMS", "", "auto, on or off"),
        ("STREAMS", "on,off", "auto, on or off"),
        ("STREAMS", "bybit=on,bybit=off", "auto, on or off"),
        ("STREAMS", "bybit=", "auto, on or off"),
        ("PASS_PERIOD_S", "0", "from 0.2 to 60"),
        ("SYMBOLS", "BTC-USD", "USDT perpetuals"),
        ("SYMBOLS", "SYSTEM_STATUS", "USDT perpetuals"),
        ("CACHE", "redis://x", "memcached://"),
        ("CACHE", "memcached://:::", "memcached://"),
        ("CACHE", "memcached://localhost:99999", "memcached://"),
        ("CACHE", "memcached://localhost:१", "memcached://"),
        ("HISTORY", "sqlite://relative.db", "sqlite:///a/path"),
        ("HISTORY", "mysql://host/db", "postgresql://"),
        ("HISTORY", "", "none"),
        ("MAX_REQUESTS", "1_000", "a whole number"),
        ("MAX_REQUESTS", "१०००", "a whole number"),
        ("POINTS_DAYS", "0", "from 1"),
        ("OPPORTUNITIES", "some", "true or false"),
        ("WEIGHTS", '{"mood": 1}', "technical, volume"),
        ("WEIGHTS", '{"volume": -1}', "from 0 to 1000"),
        ("WEIGHTS", '{"volume": NaN}', "from 0 to 1000"),
        ("TIMEFRAME_WEIGHTS", '{"1m": 0, "5m": 0, "30m": 0, "4h": 0}', "at least one weight above 0"),
        ("CORS_ORIGINS", "https://x/y", "origins such as"),
        ("GRPC_ADDRESS", "50051", "host:port"),
        ("GRPC_ADDRESS", "127.0.0.1:99999", "host:port"),
        ("SERVERS", "server-1", "separated by commas, such as server-1:50051"),
        ("SERVERS", "server-1:50051,server-2:0", "separated by commas, such as server-1:50051"),
        ("RATE_LIMIT", "0.5", "a whole number from 0"),
        ("RATE_LIMIT", "1_000", "a whole number from 0"),
        ("RATE_LIMIT", "1e3", "a whole number from 0"),
        ("RATE_LIMIT", "１０００", "a whole number from 0"),
        ("MAX_STALE_S", "1_000", "from 31"),
        ("WEIGHTS", '{"volume": "1_0"}', "from 0 to 1000"),
        ("WEIGHTS", '{"volume": true}', "from 0 to 1000"),
        ("TRUSTED_PROXIES", "-1", "from 0 to 10"),
        ("MAX_STREAMS_PER_ADDRESS", "0", "from 1 to 100000"),
        ("CONNECTION_AGE_S", "0", "from 1 to"),
        ("MAX_STALE_S", "5", "from 31"),
        ("MAX_STALE_S", "nan", "from 31"),
        ("REFLECTION", "perhaps", "true or false"),
        ("ENVIRONMENT", "TEST", "SIMULATED"),
        ("COINGECKO_URL", "coingecko", "http"),
        ("LOG_LEVEL", "LOUD", "DEBUG"),
    ],
)
def test_the_error_for_an_invalid_value_has_its_name_and_what_is_expected(name: str, value: str, allowed: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load({f"VIRTUOSO_{name}": value}, {})
    text = str(refused.value)
    assert f"VIRTUOSO_{name}" in text
    assert repr(value) in text
    assert allowed in text


def test_an_unknown_variable_is_a_warning_with_the_closest_setting() -> None:
    loaded = load({"VIRTUOSO_SYMBOL_LIMITS": "20", "OTHER": "x"}, {})
    assert len(loaded.warnings) == 1
    assert "VIRTUOSO_SYMBOL_LIMITS" in loaded.warnings[0]
    assert "did you mean VIRTUOSO_SYMBOL_LIMIT?" in loaded.warnings[0]


def test_another_url_for_a_venue_means_replay_unless_the_environment_is_set() -> None:
    url = {"VIRTUOSO_EXCHANGE_URLS": '{"bybit": "http://127.0.0.1:1/"}'}
    assert load({}, {}).settings.effective_environment is Environment.LIVE
    replay = load(url, {}).settings
    assert replay.effective_environment is Environment.REPLAY
    assert replay.exchange_urls == {"bybit": "http://127.0.0.1:1"}
    assert load({**url, "VIRTUOSO_ENVIRONMENT": "simulated"}, {}).settings.effective_environment is Environment.SIMULATED


def test_every_default_is_valid_and_every_setting_has_a_description() -> None:
    loaded = load({}, {})
    for item in fields(Settings):
        assert len(item.metadata["help"]) > 10, item.name
        assert env_name(item) == f"VIRTUOSO_{item.name.upper()}"
    assert loaded.warnings == ()


def test_the_operators_page_lists_every_setting_with_its_default_and_meaning() -> None:
    page = (ROOT / "tools" / "deploy" / "README.md").read_text()
    for item in fields(Settings):
        line = next(line for line in page.splitlines() if line.startswith(f"| `{env_name(item)}` |"))
        assert item.metadata["help"] in line
        if isinstance(item.metadata["default"], str):
            assert item.metadata["default"] in line


@pytest.mark.parametrize(
    "cache", ["memory:", "directory:/a b", "memcached://a", "memcached://a:1,b:2", "memcached://[::1]:11211"]
)
def test_every_kind_of_cache_is_accepted(cache: str) -> None:
    assert load({"VIRTUOSO_CACHE": cache, "VIRTUOSO_CLUSTER_KEY": SECRET}, {}).settings.cache == cache


@pytest.mark.parametrize("cache", ["memory:", "memcached://localhost", "memcached://127.0.0.1:1,[::1]:2"])
def test_a_cache_that_only_this_machine_reaches_needs_no_key(cache: str) -> None:
    assert load({"VIRTUOSO_CACHE": cache}, {}).settings.cluster_key == ()


@pytest.mark.parametrize(
    "cache", ["memcached://cache-1", "memcached://127.0.0.1:1,10.0.0.7:11211", "memcached://[fd00::7]:1"]
)
def test_memcached_on_another_machine_needs_a_cluster_key(cache: str) -> None:
    with pytest.raises(ConfigError, match=r"VIRTUOSO_CLUSTER_KEY is required.*16 or more characters"):
        load({"VIRTUOSO_CACHE": cache}, {})
    assert load({"VIRTUOSO_CACHE": cache, "VIRTUOSO_CLUSTER_KEY": f"{SECRET},{SECRET}2"}, {}).settings.cluster_key == (
        *(SECRET, f"{SECRET}2"),
    )


def test_secrets_are_read_from_files_and_never_shown(tmp_path: Path) -> None:
    key, history = tmp_path / "key", tmp_path / "history"
    key.write_text(f"{SECRET}\n")
    history.write_text("postgresql://virtuoso:pa/s@s@host:5432/virtuoso\n")
    for file in (key, history):
        file.chmod(0o600)
    loaded = load({"VIRTUOSO_CLUSTER_KEY_FILE": str(key), "VIRTUOSO_HISTORY_FILE": str(history)}, {})
    assert loaded.warnings == ()
    assert loaded.settings.cluster_key == (SECRET,)
    assert loaded.settings.history == "postgresql://virtuoso:pa/s@s@host:5432/virtuoso"
    assert loaded.texts["cluster_key"] == ("***", "file")
    assert loaded.texts["history"] == ("postgresql://virtuoso:***@host:5432/virtuoso", "file")
    with pytest.raises(ConfigError, match="VIRTUOSO_HISTORY and VIRTUOSO_HISTORY_FILE are both set"):
        load({"VIRTUOSO_HISTORY": "none", "VIRTUOSO_HISTORY_FILE": str(history)}, {})
    with pytest.raises(ConfigError, match=r"VIRTUOSO_CLUSTER_KEY_FILE=.*cannot be read"):
        load({"VIRTUOSO_CLUSTER_KEY_FILE": str(tmp_path / "none")}, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HISTORY", "mysql://u:S3cret@h/db"),
        ("HISTORY", "S3cret"),
        ("CLUSTER_KEY", "S3cret"),
        ("CACHE", "memcached://u:S3cret@h"),
        ("EXCHANGE_URLS", '{"bybit": "ftp://u:S3cret@h"}'),
        ("COINGECKO_URL", "ftp://u:S3cret@h/x"),
    ],
)
def test_an_error_shows_no_password(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load({f"VIRTUOSO_{name}": value}, {})
    assert f"VIRTUOSO_{name}" in str(refused.value)
    assert "S3cret" not in str(refused.value)
    assert "***" in str(refused.value)


def test_data_that_is_not_live_has_a_separate_history_by_default() -> None:
    live = load({}, {}).settings.effective_history
    replay = load({"VIRTUOSO_EXCHANGE_URLS": '{"bybit": "http://127.0.0.1:1"}'}, {}).settings.effective_history
    simulated = load({"VIRTUOSO_ENVIRONMENT": "SIMULATED"}, {}).settings.effective_history
    assert live is not None
    assert live.endswith("/history.db")
    assert len({live, replay, simulated}) == 3
    named = {"VIRTUOSO_ENVIRONMENT": "REPLAY", "VIRTUOSO_HISTORY": "postgresql://user@host/db"}
    assert load(named, {}).settings.effective_history == "postgresql://user@host/db"
    assert load({"VIRTUOSO_HISTORY": "none"}, {}).settings.effective_history is None


@pytest.mark.parametrize(
    ("text", "modes"),
    [
        ("auto", ("auto", "auto")),
        ("OFF", ("off", "off")),
        ("bybit=on,binance=off", ("on", "off")),
        ("bybit=off", ("off", "auto")),
        ("on, binance=off", ("on", "off")),
    ],
)
def test_streams_are_set_for_all_venues_or_for_each(text: str, modes: tuple[str, str]) -> None:
    settings = load({"VIRTUOSO_STREAMS": text}, {}).settings
    assert (settings.stream_mode("bybit"), settings.stream_mode("binance")) == modes


def test_streams_of_a_venue_that_is_not_used_cause_a_warning() -> None:
    (warning,) = load({"VIRTUOSO_STREAMS": "kraken=on"}, {}).warnings
    assert warning == "VIRTUOSO_STREAMS names kraken, which VIRTUOSO_EXCHANGES does not contain"
