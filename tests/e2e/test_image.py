"""The container image, built, and run as an orchestrator runs it: as another user, with a read-only root, and without
capabilities.

tools/image builds it on a base of Debian's packages, in a folder that is kept. The first build takes about two minutes,
later builds take seconds. bubblewrap runs it, with the image's files as the root and the other settings from the image's
configuration."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.programs import ROOT, Market, free_port

NEEDED = ("buildah", "debootstrap", "bwrap", "setpriv")
STATE = "/var/lib/virtuoso"

pytestmark = pytest.mark.timeout(900)


@dataclass
class Image:
    """The files and the configuration of the image, and the containers that were started from it."""

    files: Path
    config: dict[str, Any]
    state: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def command(self, *words: str, network: bool = False, **settings: str) -> list[str]:
        """Return the command that runs `words` in a new container. With `network` it uses this machine's network. Otherwise
        it has only a loopback interface of its own."""
        user, _, group = self.config["User"].partition(":")
        env = dict(item.split("=", 1) for item in self.config["Env"])
        env |= {f"VIRTUOSO_{name.upper()}": value for name, value in settings.items()}
        return [
            *("bwrap", "--ro-bind", str(self.files), "/", "--bind", str(self.state), STATE),
            *(
                "--proc",
                "/proc",
                "--dev",
                "/dev",
                "--unshare-pid",
                "--unshare-ipc",
                "--unshare-uts",
                "--as-pid-1",
                "--die-with-parent",
            ),
            *([] if network else ["--unshare-net"]),
            *("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--clearenv"),
            *(word for name, value in env.items() for word in ("--setenv", name, value)),
            *("--chdir", "/", "setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--no-new-privs"),
            *("env", "-C", self.config["WorkingDir"], *words),  # its state is private to the user
        ]

    def run(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run `words` in a container until they end. Return the result with the output."""
        return subprocess.run(self.command(*words, **more), capture_output=True, text=True, check=False, timeout=60)

    def start(self, *words: str, **more: Any) -> subprocess.Popen[bytes]:
        """Start a container and return immediately. Its output goes to the state folder."""
        out = (self.state / "log").open("wb")
        process = subprocess.Popen(self.command(*words, **more), stdout=out, stderr=subprocess.STDOUT)
        out.close()
        self.running.append(process)
        return process

    def log(self) -> str:
        """Return the output of the last container."""
        return (self.state / "log").read_text()

    def wait_for(self, words: str, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
        """Wait until the output contains `words`. Fail when the process ends before."""
        end = time.monotonic() + seconds
        while words not in self.log():
            if time.monotonic() > end or process.poll() is not None:
                raise AssertionError(f"the output does not contain {words!r}:\n{self.log()}")
            time.sleep(0.2)


def inside(container: subprocess.Popen[bytes]) -> int:
    """Return the process id, on this machine, of process 1 of a running container."""
    return int(Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().split()[0])


@pytest.fixture(scope="module")
def built() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Build the image. Return (folder of its files, configuration)."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if os.geteuid() != 0 or missing:
        why = f"it needs root and {', '.join(missing) or 'nothing else'}"
        if os.geteuid() == 0 and shutil.which("apt-get"):
            pytest.fail(f"THE IMAGE IS NOT TESTED: {why}; tools/programs installs them")
        pytest.skip(f"THE IMAGE IS NOT TESTED HERE: {why}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "virtuoso" / "image"
    made = subprocess.run([ROOT / "tools" / "image", cache], stdout=subprocess.PIPE, check=True, text=True)
    buildah = shlex.split(made.stdout.strip().splitlines()[-1])

    def ask(*words: str) -> str:
        return subprocess.run([*buildah, *words], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()

    config = json.loads(ask("inspect", "--type", "image", "localhost/virtuoso"))["Docker"]["config"]
    container = ask("from", "localhost/virtuoso")
    try:
        yield Path(ask("mount", container)), config
    finally:
        ask("rm", container)


@pytest.fixture
def image(built: tuple[Path, dict[str, Any]], tmp_path: Path) -> Iterator[Image]:
    """Return the image with an empty volume."""
    files, config = built
    state = tmp_path / "state"
    state.mkdir()
    user, group = (int(number) for number in config["User"].split(":"))
    os.chown(state, user, group)
    made = Image(files, config, state)
    yield made
    for process in made.running:
        if process.poll() is None:
            os.kill(inside(process), signal.SIGKILL)  # this also ends all other processes of the container
        process.wait()


def test_the_image_has_user_ports_volume_and_health_check(built: tuple[Path, dict[str, Any]]) -> None:
    _, config = built
    assert config["Entrypoint"] + config["Cmd"] == ["virtuoso", "demo"]
    assert config["User"] == "10001:10001"
    assert set(config["Volumes"]) == {STATE}
    assert set(config["ExposedPorts"]) == {"50051/tcp", "8003/tcp"}  # the monitor listens only inside
    assert {"VIRTUOSO_MONITOR_ADDRESS=127.0.0.1:8001", "VIRTUOSO_REFLECTION=false"} <= set(config["Env"])
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"] == ["CMD", "virtuoso", "probe"]
    assert not [name for name in config["Env"] if name.upper().startswith("PIP_")]


def test_the_image_has_no_build_or_test_tools(built: tuple[Path, dict[str, Any]]) -> None:
    files, _ = built
    listing = subprocess.run(["find", "-xdev", "-type", "f"], cwd=files, capture_output=True, text=True, check=True).stdout
    unwanted = re.compile(r"/bin/(.*-)?(gcc|g\+\+|cc|c\+\+|clang|ld|as|make|rustc)(-[\d.]+)?$|/tests/|/pip\.conf$")
    assert [path for path in listing.splitlines() if unwanted.search(path)] == []
    assert not (files / "opt/python/bin/pip").exists()
    assert not list(files.glob("root/.cache/*"))
    assert not (files / "src").exists()
    assert not (files / "tools").exists()


def test_the_image_runs_without_root_and_writes_only_to_its_volume(image: Image) -> None:
    result = image.run(
        "sh",
        "-c",
        "id -u; touch /x /tmp/x /opt/virtuoso/x; touch kept; python -c 'import tempfile as t; print(t.gettempdir())'",
    )
    assert result.stdout.split() == ["10001", STATE]
    assert result.stderr.count("Read-only file system") == 3
    assert (image.state / "kept").stat().st_uid == 10001


def test_help_and_probe_work_without_a_network(image: Image) -> None:
    result = image.run("virtuoso", "--help")
    assert result.returncode == 0
    assert "virtuoso demo" in result.stdout
    assert image.run(*image.config["Healthcheck"]["Test"][1:]).returncode == 2  # nothing listens there
    assert image.run("virtuoso", "probe", "--addr", "nonsense").returncode == 1
    settings = image.run("virtuoso", "config").stdout
    assert f"VIRTUOSO_CACHE=directory:{STATE}/cache" in settings


def test_the_demo_runs_without_a_network_and_ends_on_sigterm(image: Image) -> None:
    demo = image.start(*image.config["Entrypoint"], *image.config["Cmd"])
    image.wait_for("Virtuoso serves a SIMULATED market", demo)
    ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8003/v1/overview', timeout=30).read().decode())"
    words = ["nsenter", "--target", str(inside(demo)), "--net", "--", sys.executable, "-c", ask]
    asked = subprocess.run(words, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr + image.log()
    overview = json.loads(asked.stdout)
    assert overview["provenance"]["environment"] == "ENVIRONMENT_SIMULATED"
    os.kill(inside(demo), signal.SIGTERM)
    assert demo.wait(30) == 0, image.log()


def test_up_serves_a_recorded_market_as_another_user_on_a_read_only_root(image: Image, replay: Market) -> None:
    ports = {name: f"127.0.0.1:{free_port()}" for name in ("grpc_address", "edge_address", "monitor_address")}
    urls = json.dumps({"bybit": replay.url, "binance": replay.url})
    up = image.start(
        "virtuoso", "up", network=True, exchange_urls=urls, coingecko_url=replay.url, symbol_limit="10", **ports
    )
    image.wait_for("Virtuoso serves a REPLAY market", up)
    assert image.run("virtuoso", "probe", "--addr", ports["grpc_address"], network=True).stdout == "status: SERVING\n"
    with urllib.request.urlopen(f"http://{ports['monitor_address']}/readyz", timeout=5) as reply:
        assert reply.status == 200
    assert (image.state / "cache").is_dir()
