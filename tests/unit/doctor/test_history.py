"""The doctor's check of real histories that answer, do not answer, or do not exist. The check creates nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.programs import free_port
from virtuoso.doctor.finding import Level
from virtuoso.history.factory import open_history_writer


async def test_a_history_that_answers_is_ok(tmp_path: Path, examined: Callable[..., Any]) -> None:
    url = f"sqlite://{tmp_path}/history.db"
    made = open_history_writer(url, timeout_s=20)
    await made.newest_cursor()
    await made.close()
    findings = await examined(history=url)
    assert findings["HISTORY"].level is Level.OK
    assert findings["HISTORY"].figures["answer_ms"] > 0
    assert findings["HISTORY directory"].level is Level.OK


async def test_a_file_that_could_be_created_is_ok_and_is_not_created(tmp_path: Path, examined: Callable[..., Any]) -> None:
    findings = await examined(history=f"sqlite://{tmp_path}/later/history.db")
    assert "HISTORY" not in findings
    assert findings["HISTORY directory"].level is Level.OK
    assert not (tmp_path / "later").exists()


async def test_a_history_that_fails_is_a_warning_because_everything_else_works(
    tmp_path: Path, examined: Callable[..., Any]
) -> None:
    dead = (await examined(history=f"postgresql://virtuoso:secret@127.0.0.1:{free_port()}/virtuoso"))["HISTORY"]
    assert dead.level is Level.WARNING
    assert "secret" not in dead.why
    assert "everything else works" in dead.remedy
    (tmp_path / "file").write_text("")
    blocked = (await examined(history=f"sqlite://{tmp_path}/file/history.db"))["HISTORY directory"]
    assert blocked.level is Level.WARNING
    assert "not stored" in blocked.remedy
    assert (await examined(history=None))["HISTORY"].level is Level.WARNING
