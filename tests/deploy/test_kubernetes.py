"""The Kubernetes manifests: they are valid in every field, consistent with each other, and consistent with the service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # the package has no types
import pytest
import yaml

from tests.deploy.compose import DEPLOY
from virtuoso.cli import parser
from virtuoso.config import Settings, env_name, load
from virtuoso.service.health import NAMES

FOLDER = DEPLOY / "kubernetes"
KUBERNETES = ("1.29", "1.31", "1.34")  # versions for which the package has schemas


def manifests(kind: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (file and name, manifest) of that kind, or of all kinds."""
    for file in sorted(FOLDER.glob("*.yaml")):
        for manifest in yaml.safe_load_all(file.read_text()):
            if manifest["kind"] != "Kustomization" and kind in ("", manifest["kind"]):
                yield f"{file.name}: {manifest['kind']} {manifest['metadata']['name']}", manifest


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (name, template) of every manifest that creates pods."""
    for kind in ("Deployment", "StatefulSet"):
        for _, manifest in manifests(kind):
            yield manifest["metadata"]["name"], manifest["spec"]["template"]


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (name, container) of every pod."""
    for name, pod in pods():
        for container in pod["spec"]["containers"]:
            yield name, container


def config() -> dict[str, str]:
    """Return the data of the ConfigMap."""
    return next(manifest["data"] for _, manifest in manifests("ConfigMap"))


@pytest.mark.parametrize("version", KUBERNETES)
def test_every_manifest_is_valid_without_unknown_fields(version: str) -> None:
    for name, manifest in manifests():
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            pytest.fail(f"{name}: {error}")


def test_the_kustomization_lists_every_file_except_the_example_and_the_image() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    assert {*kustomization["resources"], "kustomization.yaml", "secret.example.yaml"} == {
        file.name for file in FOLDER.glob("*.yaml")
    }
    ours = {container["image"] for _, container in containers() if container["image"].startswith("virtuoso")}
    assert ours == {f"{image['name']}:{image['newTag']}" for image in kustomization["images"]}
    assert all(re.fullmatch(r"[\w./-]+:\d[\w.-]+", container["image"]) for _, container in containers())  # never :latest


def test_every_pod_has_no_privileges_and_has_limits() -> None:
    for name, pod in pods():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
    for name, container in containers():
        confined = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["securityContext"] == confined, name
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert "memory" in container["resources"]["limits"], name


def test_grpc_probes_use_health_names_of_servers_and_liveness_does_not_depend_on_data() -> None:
    server = next(container for name, container in containers() if name == "server")
    asked = {kind: server[f"{kind}Probe"]["grpc"] for kind in ("startup", "readiness", "liveness")}
    assert {probe["service"] for probe in asked.values()} <= set(NAMES)
    assert asked["startup"]["service"] == asked["liveness"]["service"] == "liveness"
    assert asked["readiness"]["service"] == "readiness"
    port = config()["VIRTUOSO_GRPC_ADDRESS"].rpartition(":")[2]
    assert {str(probe["port"]) for probe in asked.values()} == {port}


def test_every_named_port_exists_and_agrees_with_the_settings() -> None:
    named = {name: {port["name"]: port["containerPort"] for port in each.get("ports", [])} for name, each in containers()}
    for name, container in containers():
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            how = next((how for how in ("httpGet", "tcpSocket") if how in container.get(kind, {})), None)
            assert how is None or container[kind][how]["port"] in named[name], f"{name}: {kind}"
    for _, service in manifests("Service"):
        pod = service["spec"]["selector"].get("app.kubernetes.io/component") or service["metadata"]["name"]
        for port in service["spec"]["ports"]:
            assert named[pod][port["targetPort"]] == port["port"]
    at = {name: int(config()[f"VIRTUOSO_{name}_ADDRESS"].rpartition(":")[2]) for name in ("GRPC", "MONITOR", "EDGE")}
    assert named["server"] == {"grpc": at["GRPC"], "monitor": at["MONITOR"]}
    assert named["collector"] == {"monitor": at["MONITOR"]}
    assert named["edge"] == {"edge": at["EDGE"]}
    for name, policy in manifests("NetworkPolicy"):
        rules = [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]
        ports = {port["port"] for rule in rules for port in rule.get("ports", [])}
        assert ports <= {53, 443, *(port for each in named.values() for port in each.values())}, name


def test_every_selector_matches_pods() -> None:
    labels = [pod["metadata"]["labels"] for _, pod in pods()]

    def found(wanted: dict[str, str]) -> bool:
        return any(wanted.items() <= pod.items() for pod in labels)

    for kind in ("Deployment", "StatefulSet", "PodDisruptionBudget"):
        for name, manifest in manifests(kind):
            assert found(manifest["spec"]["selector"]["matchLabels"]), name
    for _, pod in pods():
        for spread in pod["spec"].get("topologySpreadConstraints", []):
            assert spread["labelSelector"]["matchLabels"] == pod["metadata"]["labels"]
    for name, service in manifests("Service"):
        assert found(service["spec"]["selector"]), name
    for name, policy in manifests("NetworkPolicy"):
        peers = [
            peer["podSelector"].get("matchLabels", {})
            for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]
            for peer in [*rule.get("from", []), *rule.get("to", [])]
            if "podSelector" in peer
        ]
        for wanted in [policy["spec"]["podSelector"].get("matchLabels", {}), *peers]:
            assert found(wanted) or wanted == {"virtuoso-client": "true"}, name  # the label of pods outside these manifests


def of_secret(item: dict[str, Any]) -> str:
    """Return the value of an environment variable that is read from the secret."""
    source = item["valueFrom"]["secretKeyRef"]
    secret = next(manifest for _, manifest in manifests("Secret") if manifest["metadata"]["name"] == source["name"])
    return str(secret["stringData"][source["key"]])


def test_servers_have_a_role_that_cannot_write_and_no_other_password() -> None:
    for name, container in containers():
        history = [of_secret(item) for item in container.get("env", []) if item["name"] == "VIRTUOSO_HISTORY"]
        roles = {"server": ["virtuoso_reader"], "collector": ["virtuoso"]}
        assert [url.partition("://")[2].partition(":")[0] for url in history] == roles.get(name, [])
        assert all("secretRef" not in source for source in container.get("envFrom", [])), name


def test_settings_are_known_and_valid_and_commands_exist() -> None:
    known = {env_name(item) for item in fields(Settings)}
    assert set(config()) <= known
    for name, container in containers():
        own = {item["name"]: item.get("value") or of_secret(item) for item in container.get("env", [])}
        if container["image"].startswith("virtuoso:"):
            assert set(own) <= known, name
            assert not load({**config(), **own}, {}).warnings
            assert parser().parse_args(container["args"]).command == container["args"][0]


def test_a_pod_has_more_time_to_stop_than_its_calls() -> None:
    for name, pod in pods():
        for container in pod["spec"]["containers"]:
            before = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
            needed = int(before[1]) + float(config()["VIRTUOSO_GRACE_S"]) + 5
            assert not container["image"].startswith("virtuoso:") or pod["spec"]["terminationGracePeriodSeconds"] > needed, (
                name
            )


def test_disruption_budgets_exist_and_servers_scale_with_load() -> None:
    kept = {manifest["metadata"]["name"] for _, manifest in manifests("PodDisruptionBudget")}
    assert kept == {"server", "collector", "edge", "memcached"}
    _, grows = next(manifests("HorizontalPodAutoscaler"))
    assert grows["spec"]["scaleTargetRef"]["name"] == "server"
    assert grows["spec"]["minReplicas"] >= 2
    assert next(m["spec"]["replicas"] for name, m in manifests("Deployment") if "collector" in name) == 2


def test_reflection_is_off_and_only_the_edge_and_prometheus_reach_monitors() -> None:
    assert config()["VIRTUOSO_REFLECTION"] == "false"
    monitor = int(config()["VIRTUOSO_MONITOR_ADDRESS"].rpartition(":")[2])
    peers = [
        next(iter(peer["namespaceSelector" if "podSelector" not in peer else "podSelector"]["matchLabels"].values()))
        for _, policy in manifests("NetworkPolicy")
        for rule in policy["spec"].get("ingress", [])
        for peer in rule.get("from", [{"podSelector": {"matchLabels": {"from": "anywhere"}}}])
        if {"port": monitor} in rule["ports"]
    ]
    assert sorted(set(peers)) == ["edge", "monitoring"]


def test_only_collectors_have_internet_access() -> None:
    with_internet = [
        name
        for name, policy in manifests("NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        if any("ipBlock" in peer for peer in rule.get("to", [{"ipBlock": {}}]))
    ]
    assert with_internet == ["network.yaml: NetworkPolicy collector"]
    _, first = next(manifests("NetworkPolicy"))
    assert first["spec"]["podSelector"] == {}  # no ingress unless another policy allows it
    assert "ingress" not in first["spec"]
