"""The environment of the processes of a node."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtuoso.app import node
from virtuoso.app.nodes import child_environment
from virtuoso.config import load

SECRET = "a secret of the cluster"  # noqa: S105 - of no cluster


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cluster_key", SECRET),
        ("history", "postgresql://virtuoso:pa/s@s@host:5432/virtuoso"),
        ("exchange_urls", '{"bybit": "http://user:password@127.0.0.1:1"}'),
        ("symbol_limit", "30"),
    ],
)
def test_the_processes_of_a_node_have_the_values_of_its_flags(name: str, text: str) -> None:
    loaded = load({}, {name: text, "weights": None})
    child = load(child_environment(loaded.flags), {})
    assert child.settings == loaded.settings
    assert child.warnings == ()


def test_an_inherited_file_of_a_secret_does_not_contradict_a_flag_or_the_state_of_a_demo(tmp_path: Path) -> None:
    inherited = {}
    for name in ("CLUSTER_KEY", "HISTORY"):
        file = tmp_path / name
        file.write_text("postgresql://virtuoso:password@host/virtuoso")
        file.chmod(0o600)
        inherited[f"VIRTUOSO_{name}_FILE"] = str(file)
    flags = load(inherited, {"cluster_key": SECRET}).flags
    child = load(inherited | child_environment(flags | node.own_state(tmp_path)), {}).settings
    assert child.cluster_key == (SECRET,)
    assert child.history == f"sqlite:///{tmp_path}/history.db"
