"""Check which users may read the files with secrets, and the history."""

from __future__ import annotations

from collections.abc import Mapping

from virtuoso.doctor.daemon_call import daemon_call
from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain.private_files import open_to_all
from virtuoso.history.factory import sqlite_path


async def check_secret_files(files: Mapping[str, str], history: str | None) -> Finding:
    """Report the files that every user of this machine may read.

    `files` are the paths by the setting that names each. `history` is the URL of the history, or None."""
    subject, named = "secret files", dict(files)
    scheme, _, rest = (history or "").partition("://")
    if scheme == "sqlite":
        named["VIRTUOSO_HISTORY"] = str(await daemon_call(lambda: sqlite_path(rest)))
    exposed = await daemon_call(lambda: {name: path for name, path in named.items() if open_to_all(path)})
    if exposed:
        why = "every user of this machine may read " + ", ".join(f"{path} ({name})" for name, path in exposed.items())
        return Finding(subject, Level.WARNING, why, f"chmod o-rwx {' '.join(exposed.values())}")
    return Finding(subject, Level.OK, "only their owner and its group may read them" if named else "no setting names one")
