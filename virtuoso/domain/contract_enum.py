"""Enumerations of the public contract."""

from __future__ import annotations

from enum import IntEnum


class ContractEnum(IntEnum):
    """An enumeration of the public contract. Each member has the number that the .proto gives it."""

    @property
    def lower_name(self) -> str:
        """The name in lower case, such as "price_structure": a field, a column, a key, a label."""
        return self.name.lower()
