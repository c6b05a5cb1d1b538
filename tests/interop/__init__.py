"""Clients of third parties, without code of ours, against a real server."""
