"""The analysis: its laws over generated markets, its numbers against independent computations."""
