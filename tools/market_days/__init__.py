"""Days of a market in minutes: a real collector in virtual time, and the figures of what it would have shown."""
