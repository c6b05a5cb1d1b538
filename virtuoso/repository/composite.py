"""What repositories have in common that are made of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from virtuoso.domain.errors import RepositoryError, RepositoryTimedOut
from virtuoso.domain.ports import SnapshotRepository


@runtime_checkable
class CompositeRepository(Protocol):
    """A repository made of several, each of which may hold another value of a key."""

    async def get_all(self, key: str) -> list[tuple[str, bytes]]:
        """Return (name of the part, value) for each part that has a value. Empty when all have answered and none has one.
        Raise RepositoryError when none has a value and not all have answered."""
        ...


async def read_all(repository: SnapshotRepository, key: str) -> list[tuple[str, bytes]]:
    """Return (name, value) for every value of the key: `get_all` for any repository. Errors as of `get`."""
    if isinstance(repository, CompositeRepository):
        return await repository.get_all(key)
    value = await repository.get(key)
    return [] if value is None else [(repository.name, value)]


def combined_error(errors: Sequence[RepositoryError]) -> RepositoryError:
    """Return one error for the errors of all parts: RepositoryTimedOut only when each of them is."""
    kind = RepositoryTimedOut if all(isinstance(each, RepositoryTimedOut) for each in errors) else RepositoryError
    return kind("; ".join(str(each) for each in errors))
