"""Tests of the analysis: its laws on generated markets, and its numbers against independent computations."""
