"""Clients of others, with nothing of ours in them, against a real server."""
