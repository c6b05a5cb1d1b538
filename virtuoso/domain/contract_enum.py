"""Enumerations of the public contract."""

from __future__ import annotations

from enum import IntEnum


class ContractEnum(IntEnum):
    """An enumeration of the public contract. Each member has the same number as in the .proto."""

    @property
    def lower_name(self) -> str:
        """Return the name in lower case, such as "price_structure". It is used for fields, columns, keys and labels."""
        return self.name.lower()
