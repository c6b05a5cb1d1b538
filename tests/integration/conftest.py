"""Fixtures that these tests share with unit tests."""

from __future__ import annotations

from tests.unit.doctor.conftest import examined

__all__ = ["examined"]
