"""Third-party clients against a real server."""
