"""The enumerations of the domain have the names and the numbers of the contract."""

from __future__ import annotations

from importlib import import_module

import pytest
from google.protobuf.descriptor import EnumDescriptor

from virtuoso.domain import model  # noqa: F401 - its enumerations are tested
from virtuoso.domain.contract_enum import ContractEnum
from virtuoso.domain.records import BetaSpan

STUBS = ("alert", "beta", "confluence", "opportunity", "overview", "provenance", "signal")
# The contract's names begin with a digit, which no name in Python may.
OTHER_NAMES: dict[type[ContractEnum], dict[str, str]] = {BetaSpan: {"24H": "DAY", "7D": "WEEK", "30D": "MONTH"}}


def contract_enums() -> dict[str, EnumDescriptor]:
    modules = (import_module(f"virtuoso.market.v1.{name}_pb2") for name in STUBS)
    return {name: enum for module in modules for name, enum in module.DESCRIPTOR.enum_types_by_name.items()}


@pytest.mark.parametrize("mirror", ContractEnum.__subclasses__(), ids=lambda mirror: mirror.__name__)
def test_every_member_has_the_number_that_the_contract_gives_it(mirror: type[ContractEnum]) -> None:
    enum = contract_enums()[mirror.__name__]
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    other = OTHER_NAMES.get(mirror, {})
    numbers = {value.name.removeprefix(prefix): value.number for value in enum.values if value.number}
    assert {other.get(name, name): number for name, number in numbers.items()} == dict(mirror.__members__)
