"""The door to the exchanges: pure parts alone, the adapter against recorded traffic."""
