"""The setting CACHE: its valid values, and the errors for others."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtuoso.domain.errors import ConfigError
from virtuoso.repository.factory import open_repository


@pytest.mark.parametrize(
    ("url", "node", "name"),
    [
        ("memory:", None, "memory"),
        ("memory:", Path("node"), "memory"),
        ("directory:some/where", Path("node"), "directory"),
        ("directory:/some/where", None, "directory"),
        ("memcached://127.0.0.1:11211", None, "memcached"),
        ("memcached://a:1,b:2,[::1]:3,d", Path("node"), "memcached+directory"),
    ],
)
async def test_a_valid_url_gives_its_tiers_without_touching_them(
    url: str, node: Path | None, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiers = open_repository(url, node)
    assert tiers.name == name
    assert list(tmp_path.iterdir()) == []
    await tiers.close()


async def test_the_health_has_an_entry_for_each_server() -> None:
    tiers = open_repository("memcached://a:1,b,[::1]:3,[::1],a:1", None)
    assert set(tiers.health()) == {
        "memcached",
        "memcached a:1",
        "memcached b:11211",
        "memcached ::1:3",
        "memcached ::1:11211",
    }
    await tiers.close()


@pytest.mark.parametrize(
    "url",
    ["", "memory", "memory:x", "redis://h:1", "directory:", "directory", "memcached:", "memcached://", "memcached:h:1",
     "memcached://h:x", "memcached://h:0", "memcached://h:70000", "memcached://h:1,,g:2", "memcached://h/x", "memcached://:1"],
)  # fmt: skip
def test_the_error_for_an_invalid_url_has_the_setting_its_value_and_what_is_expected(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_repository(url, None)
    message = str(caught.value)
    assert message.startswith("CACHE: ")
    assert repr(url) in message
    assert "memcached://host:port" in message
