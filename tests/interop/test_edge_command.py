"""The command `virtuoso edge`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.programs import ROOT, free_port
from virtuoso.edge.page import assets

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("VIRTUOSO_")}
WORDS = [sys.executable, "-m", "virtuoso", "edge"]


@contextmanager
def running(*words: str, output: IO[str] | int = subprocess.DEVNULL) -> Iterator[None]:
    """Run the command while the body runs. After that, it must end with exit code 0."""
    process = subprocess.Popen([*WORDS, *words], cwd=ROOT, env=CLEAN, stdout=output, stderr=subprocess.DEVNULL)
    try:
        yield
        process.terminate()
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()


def get(port: int, path: str) -> tuple[int, str, str]:
    """Return (status, content type, body) once there is a reply."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept": "text/html"})
    end = time.monotonic() + 15
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:
                return reply.status, reply.headers["content-type"], reply.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers["content-type"], refused.read().decode()
        except OSError:
            assert time.monotonic() < end, "it does not listen"
            time.sleep(0.05)


def test_the_edge_serves_the_page_and_logs_each_call_to_standard_output(tmp_path: Path) -> None:
    port, nobody = free_port(), f"127.0.0.1:{free_port()}"
    with (tmp_path / "output").open("w+") as output:
        where = ["--edge-address", f"127.0.0.1:{port}", "--servers", nobody]
        with running(*where, output=output):
            status, kind, body = get(port, "/signals")
            assert (status, kind) == (200, "text/html; charset=utf-8")
            assert body == assets(ROOT / "gen" / "web")["/index.html"].body.decode()
            status, kind, body = get(port, "/v1/overview")
            assert (status, kind, json.loads(body)["code"]) == (503, "application/json", 14)
        page, overview = [json.loads(line) for line in (tmp_path / "output").read_text().splitlines()]
        assert (page["path"], page["status"], page["user_agent"]) == (
            "/signals",
            200,
            f"Python-urllib/3.{sys.version_info[1]}",
        )
        assert (overview["path"], overview["status"]) == ("/v1/overview", 503)
