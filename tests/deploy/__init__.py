"""Tests of tools/deploy. The commands and settings of Compose run as processes of this machine. Manifests are validated
against their schemas, and alerts are tested with promtool. A real Prometheus scrapes the running services and evaluates
every query.

compose.yaml ─► compose.py: each service on an address of its own (127.0.0.x) ─► conftest.py: `stack`, and Prometheus
"""
