"""The alerts, tested with the real promtool: each fires when it should, and not earlier."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import yaml

from tests.deploy.compose import DEPLOY
from tests.deploy.conftest import program

FOLDER = DEPLOY / "prometheus"


def alerts() -> dict[str, dict[str, Any]]:
    """Return the alerts of rules.yml by name."""
    groups = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def promtool(*words: str) -> None:
    done = subprocess.run([program("promtool"), *words], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_and_the_rules_are_valid() -> None:
    promtool("check", "config", "prometheus.yml")
    promtool("check", "rules", "--lint=all", "--lint-fatal", "rules.yml")


def test_each_alert_fires_above_its_threshold_and_not_just_below() -> None:
    promtool("test", "rules", "rules_test.yml")


def test_each_alert_has_a_test_that_fires_and_one_that_does_not() -> None:
    tried: dict[str, list[bool]] = {}
    for test in yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]:
        for moment in test["alert_rule_test"]:
            tried.setdefault(moment["alertname"], []).append(bool(moment["exp_alerts"]))
    assert {name: set(moments) for name, moments in tried.items()} == {name: {False, True} for name in alerts()}


def test_each_alert_has_a_severity_a_value_and_a_section_of_the_runbook() -> None:
    for name, alert in alerts().items():
        assert alert["labels"]["severity"] in ("warning", "critical"), name
        words = alert["annotations"]
        assert words["runbook_url"] == f"tools/deploy/runbook.md#{name.lower()}"
        of_0_or_1 = re.search(r"== [01]\b", alert["expr"])  # the duration then decides
        assert "$value" in words["description"] or (of_0_or_1 and "for" in alert), name
