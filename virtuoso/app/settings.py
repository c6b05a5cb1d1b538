"""`virtuoso config`: print the effective settings and the source of each."""

from __future__ import annotations

import sys
from dataclasses import fields

from virtuoso.config import LoadedSettings, Settings, env_name


def config(loaded: LoadedSettings) -> int:
    """Print one setting per line, in the format of an env file."""
    width = max(len(env_name(item)) + len(loaded.texts[item.name][0]) for item in fields(Settings)) + 1
    lines = []
    for item in fields(Settings):
        text, source = loaded.texts[item.name]
        line = f"{env_name(item)}={text}"
        lines.append(f"{line:{min(width, 60)}}  # {source}: {item.metadata['help']}")
    lines.append(f"# the data is {loaded.settings.effective_environment.name}")
    lines += [f"# warning: {warning}" for warning in loaded.warnings]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
