"""Puts virtuoso/client, which stands in the service's own tree, into the distribution. Editable installs take it from where
it is: a copy would go first and hide it. What is built from an sdist has it already."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ClientHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root, name = Path(self.root), Path("virtuoso", "client")
        if version == "standard" and not (root / name).is_dir():
            build_data["force_include"][str(root.parent.parent / name)] = str(name)
