"""The one writer: which venue is used, one pass over its market, what passes remember, and the snapshot that comes of it."""
