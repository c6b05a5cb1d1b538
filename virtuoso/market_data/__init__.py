"""One venue kept fresh: what to ask for and when, and how new readings join old ones. It knows no analysis."""
