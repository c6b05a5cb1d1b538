"""The collector, the only writer of snapshots: venue selection, passes over a market, their state, and publication."""
