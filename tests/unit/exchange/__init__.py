"""Tests of the exchanges: pure parts alone, and the adapter against recorded traffic."""
