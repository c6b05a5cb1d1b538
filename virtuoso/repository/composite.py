"""Shared code of repositories that consist of several repositories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from virtuoso.domain.errors import RepositoryError, RepositoryTimedOut
from virtuoso.domain.ports import SnapshotRepository


@runtime_checkable
class CompositeRepository(Protocol):
    """A repository with several parts. Each part may hold a different value of a key."""

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """Return (name of the part, value) for each part that has a value. Empty when none has a value.

        Raise RepositoryError when none has a value and too few parts answered. TieredRepository needs all answers.
        ShardedRepository needs one."""
        ...


async def read_all(repository: SnapshotRepository, key: str) -> list[tuple[str, bytes]]:
    """Return (name, value) for every value of the key, for any repository. Raise the same errors as `get`."""
    if isinstance(repository, CompositeRepository):
        return await repository.get_all(key)
    value = await repository.get(key)
    return [] if value is None else [(repository.name, value)]


def combined_error(errors: Sequence[RepositoryError]) -> RepositoryError:
    """Return one error for the errors of all parts: RepositoryTimedOut if all of them are, otherwise RepositoryError."""
    kind = RepositoryTimedOut if all(isinstance(each, RepositoryTimedOut) for each in errors) else RepositoryError
    return kind("; ".join(str(each) for each in errors))
