"""What these tests share with the unit tests of what they try on real programs."""

from __future__ import annotations

from tests.unit.doctor.conftest import look

__all__ = ["look"]
