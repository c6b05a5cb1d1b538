"""The Go programs, built once for all tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.programs import ROOT


@pytest.fixture(scope="session")
def go_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build gateway, interop and grpc-health-probe, and return their folder. With the Go cache, a second build takes
    seconds."""
    folder = tmp_path_factory.mktemp("go")
    built = subprocess.run(
        [str(ROOT / "tests/interop/go/build"), str(folder)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert built.returncode == 0, f"the Go programs cannot be built:\n{built.stdout}{built.stderr}"
    return folder
