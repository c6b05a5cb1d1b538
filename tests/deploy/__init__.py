"""What tools/deploy holds, tried: Compose's commands and settings as processes of this machine, manifests by their schemas,
alerts by promtool, and every query by a real Prometheus that watches the real thing.

compose.yaml ─► compose.py: each service an address of its own (127.0.0.x) ─► conftest.py: `stack`, and Prometheus beside it
"""
