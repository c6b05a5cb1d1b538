"""A stored value shows whether it is complete and was written by Virtuoso."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.repository.envelope import HEADER_BYTES, MAX_VALUE_BYTES, seal, unseal

values = st.binary(max_size=300)
expiries = st.integers(-(2**63), 2**63 - 1)


@given(values, expiries)
def test_unseal_returns_the_sealed_value(value: bytes, expires_ms: int) -> None:
    assert unseal(seal(value, expires_ms)) == (value, expires_ms)


@given(values, expiries, st.data())
def test_a_change_of_any_bit_is_detected(value: bytes, expires_ms: int, data: st.DataObject) -> None:
    blob = bytearray(seal(value, expires_ms))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CorruptValue):
        unseal(bytes(blob))


@given(values, st.data())
def test_a_truncated_envelope_is_detected(value: bytes, data: st.DataObject) -> None:
    blob = seal(value)
    with pytest.raises(CorruptValue):
        unseal(blob[: data.draw(st.integers(0, len(blob) - 1))])


@given(values, st.binary(min_size=1, max_size=50))
def test_extra_bytes_are_detected(value: bytes, more: bytes) -> None:
    with pytest.raises(CorruptValue):
        unseal(seal(value) + more)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(blob: bytes) -> None:
    with pytest.raises(CorruptValue):
        unseal(blob)


def test_a_later_format_version_is_refused() -> None:
    blob = bytearray(seal(b"value"))
    blob[4] = 9
    with pytest.raises(CorruptValue, match="version 9"):
        unseal(bytes(blob))


def test_a_value_above_64_mib_is_not_sealed() -> None:
    with pytest.raises(RepositoryError, match="larger"):
        seal(bytes(MAX_VALUE_BYTES + 1))


def test_the_envelope_is_small() -> None:
    assert len(seal(b"")) == HEADER_BYTES <= 64
