"""Real histories, there and not: what is found, and that nothing is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.programs import free_port
from virtuoso.doctor.finding import Level
from virtuoso.history.factory import open_history_writer


async def test_a_history_that_answers_is_well(tmp_path: Path, look: Callable[..., Any]) -> None:
    url = f"sqlite://{tmp_path}/history.db"
    made = open_history_writer(url, timeout_s=20)
    await made.newest_cursor()
    await made.close()
    found = await look(history=url)
    assert found["HISTORY"].level is Level.WELL
    assert found["HISTORY"].figures["answer_ms"] > 0
    assert found["HISTORY directory"].level is Level.WELL


async def test_a_file_that_is_not_there_yet_is_well_where_it_could_be_made_and_is_not_made(
    tmp_path: Path, look: Callable[..., Any]
) -> None:
    found = await look(history=f"sqlite://{tmp_path}/later/history.db")
    assert "HISTORY" not in found
    assert found["HISTORY directory"].level is Level.WELL
    assert not (tmp_path / "later").exists()


async def test_what_fails_is_a_warning_for_all_else_goes_on(tmp_path: Path, look: Callable[..., Any]) -> None:
    dead = (await look(history=f"postgresql://virtuoso:secret@127.0.0.1:{free_port()}/virtuoso"))["HISTORY"]
    assert dead.level is Level.WARNING
    assert "secret" not in dead.why
    assert "goes on" in dead.cure
    (tmp_path / "file").write_text("")
    placed = (await look(history=f"sqlite://{tmp_path}/file/history.db"))["HISTORY directory"]
    assert placed.level is Level.WARNING
    assert "not remembered" in placed.cure
    assert (await look(history=None))["HISTORY"].level is Level.WARNING
