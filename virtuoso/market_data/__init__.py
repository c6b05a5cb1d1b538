"""The market data of one venue: what to request and when, and how to merge new data into old. Independent of analysis."""
