"""Measure everything once, and print each figure with its target."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from tests.programs import ROOT, Memcached, Replay, Simulated, free_port
from tools.benchmarks import baselines, echo, load, long_run, machine, node, open_page, page, phone, streams
from tools.benchmarks.load import Load, Target
from tools.benchmarks.machine import Machine
from tools.benchmarks.report import Aim, Figure, Report, spread

PARTS = ("scoring", "page", "server", "streams")
ALONE = ("open", "collector")
"""What takes too long to be measured with all parts."""
SYMBOLS = 50
IDLE_S = 15.0  # the time for the cost of a server without streams
RATE = 1000
"""Requests per second during the measurement of latency. The server is then busy but not overloaded."""


@dataclass(frozen=True)
class Measured:
    """The node that `up` runs (a process id), and a server on its own core: its process id, its port and its client."""

    up: int
    server: int
    port: int
    caller: node.Caller


def main() -> int:
    """Run the benchmarks. Return 0 when everything could be measured, even if a target is missed, otherwise 1."""
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    kinds = ("recorded", "simulated")
    default_kind = kinds[0] if Replay.SCRIPT.exists() else kinds[1]
    parser.add_argument("--exchange", choices=kinds, default=default_kind, help="market to use (default here: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    parser.add_argument(
        "--only",
        choices=(*PARTS, *ALONE),
        help=f"measure only this part (default: {', '.join(PARTS)}); open is the memory of a page that stays open, "
        "collector is the cost of a collector that runs for long",
    )
    for name, kind, default, meaning in (
        ("rounds", int, 5, "rounds of each load and visits to the page, 1 to 20"),
        ("seconds", float, 2.0, "duration of each load, 0.5 to 10"),
        ("streams", int, 1000, "WatchDashboard streams, 1 to 2000"),
        ("minutes", int, 30, "duration of open and collector, 3 to 600"),
        ("symbols", int, SYMBOLS, "symbols of the collector with --only collector, 5 to 500"),
    ):
        parser.add_argument(f"--{name}", type=kind, default=default, help=f"{meaning} (default %(default)s)")
    options = parser.parse_args()
    if options.exchange == "recorded" and not Replay.SCRIPT.exists():
        parser.error("--exchange recorded: the recordings are not next to the project; use simulated")
    for name, low, high in (
        ("rounds", 1, 20),
        ("seconds", 0.5, 10),
        ("streams", 1, 2000),
        ("minutes", 3, 600),
        ("symbols", 5, 500),
    ):
        if not low <= getattr(options, name) <= high:
            parser.error(f"--{name} {getattr(options, name)} is not allowed: must be {low} to {high}")
    if options.symbols != SYMBOLS and options.only != "collector":
        parser.error(f"--symbols {options.symbols} is allowed with --only collector alone")
    if options.json and not os.access(options.json if options.json.exists() else options.json.absolute().parent, os.W_OK):
        parser.error(f"--json {options.json} cannot be written")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # SystemExit, so that all processes are ended
    report = Report(Machine.here(), f"{options.exchange} market, {options.symbols} symbols", [], [])
    print(report.head(), flush=True)
    try:
        measure(report, options)
    except (RuntimeError, TimeoutError, subprocess.SubprocessError, grpc.RpcError) as error:
        print(f"tools/bench: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(report.foot())
    if options.json:
        report.write(options.json)
    return 0


def measure(report: Report, options: argparse.Namespace) -> None:
    """Measure everything, in order. Raise BenchmarkFailed, LoadFailed or TimeoutError when that is not possible."""
    exchange = Replay() if options.exchange == "recorded" else Simulated()
    try:
        if options.only in (None, "scoring"):
            scoring_cost(report, exchange.url)
        if options.only == "scoring":
            return
        with tempfile.TemporaryDirectory(prefix="virtuoso-bench-") as folder:
            bench_node = node.Node(Path(folder), exchange)
            try:
                product(report, bench_node, options)
            finally:
                bench_node.close()
    finally:
        exchange.kill()


def scoring_cost(report: Report, url: str) -> None:
    """Measure the CPU time of scoring, in a separate process on the measured core."""
    command = node.pinned([sys.executable, "-P", "-m", "tools.benchmarks.refresh", url, str(SYMBOLS)], report.machine.server)
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    if process.returncode:
        raise node.BenchmarkFailed(f"scoring could not be measured: {process.stderr}")
    measured = json.loads(process.stdout)
    for key, name, aim in (
        ("full", "scoring, full pass, CPU a symbol", Aim("<=", 2.0)),
        ("no_bar_closed", "scoring, no bar closed, CPU a symbol", None),
        ("whole_pass", "whole pass: scores, signals, opportunities, alerts, sentiment; no bar closed, CPU a symbol", None),
        ("encode", "encoding the snapshot, CPU a symbol", None),
        ("betas", "betas of 500 symbols, three windows, CPU", Aim("<=", 100.0)),
    ):
        report.add(Figure(name, measured[key]["median_ms"], "ms", measured[key]["least_ms"], measured[key]["most_ms"], aim))
    report.notes.append(
        f"scoring: {measured['scored']} of {measured['symbols']} symbols had a score; medians of {measured['repeats']}"
    )


def product(report: Report, bench_node: node.Node, options: argparse.Namespace) -> None:
    """Measure the running product."""
    began, port = time.monotonic(), free_port()
    up = bench_node.start(["up", "--symbol-limit", str(options.symbols)], port)
    caller = node.Caller(port)
    bench_node.wait("the first snapshot", caller.serving, node.FIRST_SNAPSHOT_TIMEOUT_S)
    rows = len(caller.dashboard().rows)
    report.add(Figure("first snapshot after `virtuoso up`", time.monotonic() - began, "s"))
    report.notes.append(f"first snapshot: GetDashboard answered with {rows} rows; the exchange was already running")
    if options.only == "collector":
        long_run.cost(report, bench_node, up.pid, caller, symbols=options.symbols, minutes=options.minutes)
        return
    caller.close()
    if options.only in (None, "page", "open"):
        bench_node.wait("the edge with the page", lambda: page.is_served(bench_node.edge))
    if options.only == "open":
        open_page.memory(report, bench_node.edge, options.minutes)
        return
    if options.only in (None, "page"):
        page.cost(report, bench_node.edge, options.rounds)
        phone_bytes(report, bench_node.edge)
    if options.only == "page":
        return
    for pid in (*node.family(up.pid), bench_node.exchange.process.pid):
        machine.confine(pid, report.machine.rest)

    port = free_port()
    server = bench_node.start(["serve"], port, core=report.machine.server)
    caller = node.Caller(port)
    bench_node.wait("a server on its own core", caller.serving)
    measured = Measured(up.pid, server.pid, port, caller)
    if options.only != "streams":
        replies(report, bench_node, measured, options)
    for pid in (*node.family(up.pid), bench_node.exchange.process.pid):
        machine.confine(pid, report.machine.all)  # streams cost the other processes more than the server
    stream_updates(report, bench_node, measured, options.streams)
    report.add(Figure(f"memory of a server after {options.streams:,} streams", machine.rss_mb(server.pid), "MB"))
    caller.close()


def replies(report: Report, bench_node: node.Node, measured: Measured, options: argparse.Namespace) -> None:
    """Measure unary calls."""
    idle_mb, size = machine.rss_mb(measured.server), measured.caller.dashboard().ByteSize() + 5
    ours = Target("Virtuoso", [measured.server], load.grpc(measured.port, echo.METHOD, bench_node.folder / "empty"), size)
    steady_latency(report, bench_node, measured.up, ours, options)
    bench_node.pause(node.family(measured.up))
    throughput(report, bench_node, ours, measured.caller, options)
    bench_node.resume()
    memory = machine.rss_mb(measured.server)
    report.add(Figure("memory of a server before the load", idle_mb, "MB"))
    report.add(Figure("memory of a server after the load", memory, "MB", aim=Aim("<", 90.0)))


def steady_latency(report: Report, bench_node: node.Node, up: int, ours: Target, options: argparse.Namespace) -> None:
    """Measure latency at a steady rate, with the collector running and with it stopped."""
    idle, busy = [], []
    for _ in range(max(2, options.rounds // 2)):
        bench_node.pause(node.family(up))
        idle.append(load.run(ours, 3 * options.seconds, report.machine.rest, rate=RATE))
        bench_node.resume()
        time.sleep(1)
        busy.append(load.run(ours, 3 * options.seconds, report.machine.rest, rate=RATE))
    for name, loads in (("idle", idle), ("during refreshes", busy)):
        latencies(report, f"{RATE:,}/s, {name}", loads)
    ratios = [one.p99_ms / other.p99_ms for one, other in zip(busy, idle, strict=True)]
    report.add(spread("p99 during refreshes / p99 idle", "x", ratios, statistics.median(ratios), Aim("<=", 2.0)))
    report.notes.append(
        f"refreshes: at a steady {RATE:,} requests/s, with the collector running on the other cores and the server reading "
        "every snapshot; idle: with the collector stopped"
    )


def throughput(
    report: Report, bench_node: node.Node, ours: Target, caller: node.Caller, options: argparse.Namespace
) -> None:
    """Measure the request rate of all servers, one after the other, with nothing else running."""
    here, memcached, reply = report.machine, Memcached(), caller.dashboard()
    try:
        bare, apps = (
            baselines.echo(bench_node, here.server, reply),
            baselines.fastapi(bench_node, here.server, reply, memcached),
        )
        targets = [ours, bare, *apps, baselines.envoy(bench_node, here.rest, ours, reply)]
        loads: dict[str, list[Load]] = {target.name: [] for target in targets}
        for _ in range(options.rounds):
            for target in targets:
                loads[target.name].append(load.run(target, options.seconds, here.rest))
    finally:
        memcached.kill()
    for name, rounds in loads.items():
        rates, cpu = [one.requests_s for one in rounds], [one.cpu_us for one in rounds]
        report.add(spread(f"GetDashboard: {name}", "/s", rates, statistics.median(rates)))
        latencies(report, "  its latency", rounds)
        report.add(spread("  its CPU a request", "us", cpu, statistics.median(cpu)))
    for other, bound in ((bare, 0.9), (apps[0], 6.0), (apps[1], None)):
        pairs = zip(loads[ours.name], loads[other.name], strict=True)
        ratios = [own.requests_s / baseline.requests_s for own, baseline in pairs]
        aim = Aim(">=", bound) if bound else None
        report.add(spread(f"Virtuoso / {other.name}", "x", ratios, statistics.median(ratios), aim))
    report.notes += [
        (
            f"load: h2load, {load.CLIENTS} connections with a request each; {reply.ByteSize():,} bytes of protobuf a "
            f"reply; with the highest priority on its cores if allowed; medians of {options.rounds} rounds "
            f"of {options.seconds:g} s, ratios within each round"
        ),
        baselines.FASTAPI,
        "Envoy: one thread, on the cores of the load; its CPU time is included in the CPU a request",
    ]


def phone_bytes(report: Report, edge: str) -> None:
    """Measure what a phone receives in a minute, at both of its usual intervals."""
    for seconds, bound in ((1, 150.0), (5, 40.0)):
        received = phone.watch(edge, seconds)
        name = f"a phone, {SYMBOLS} symbols, min_interval {seconds} s, a minute"
        report.add(Figure(name, received.a_minute / 1000, "KB", aim=Aim("<=", bound)))
        report.add(Figure("  its first message", received.first / 1000, "KB"))


def stream_updates(report: Report, bench_node: node.Node, measured: Measured, count: int) -> None:
    """Measure updates to many streams, and the CPU time of the collector during them."""
    idle_from, idle_cpu = time.monotonic(), machine.cpu_s(measured.server)
    time.sleep(IDLE_S)
    idle = (machine.cpu_s(measured.server) - idle_cpu) / (time.monotonic() - idle_from)
    started, before = time.monotonic(), {pid: machine.cpu_s(pid) for pid in machine.children(measured.up, "collect")}
    before_updates = machine.cpu_s(measured.server)
    updates = streams.run(measured.port, bench_node.cache, streams=count, updates=10, cores=report.machine.all)
    busy = (machine.cpu_s(measured.server) - before_updates) / (time.monotonic() - started)
    used = {pid: machine.cpu_s(pid) - spent for pid, spent in before.items()}
    active = max(used, key=lambda pid: used[pid])
    share = used[active] / (time.monotonic() - started)
    report.add(
        Figure(f"price at the venue to {updates.streams:,} streams, p50", updates.price_p50_ms, "ms", aim=Aim("<=", 700.0)),
        Figure(f"price at the venue to {updates.streams:,} streams, p99", updates.price_p99_ms, "ms", aim=Aim("<=", 1500.0)),
        Figure("  with the wait for the next update, p50", updates.event_p50_ms, "ms"),
        Figure("  with the wait for the next update, p99", updates.event_p99_ms, "ms"),
        Figure(f"update to {updates.streams:,} streams, p50", updates.p50_ms, "ms"),
        Figure(f"update to {updates.streams:,} streams, p99", updates.p99_ms, "ms"),
        Figure(f"update to {updates.streams:,} streams, the last", updates.worst_ms, "ms"),
        Figure("  from the first stream to receive it to the last", updates.spread_ms, "ms"),
        Figure("server without streams, share of one core", 100 * idle, "%", aim=Aim("<=", 15.0)),
        Figure(f"  with {updates.streams:,} streams", 100 * busy, "%"),
        Figure("memory of the active collector", machine.rss_mb(active), "MB"),
        *(Figure("memory of the standby collector", machine.rss_mb(pid), "MB") for pid in used if pid != active),
        Figure("active collector, share of one core", 100 * share, "%"),
        Figure("  a symbol and snapshot", 1000 * share * updates.period_s / SYMBOLS, "ms"),
    )
    report.notes.append(
        f"streams: {updates.updates} snapshots, {updates.period_s:.1f} s apart, from the modification time of the head "
        "file to receipt in one Python process (including its own work)"
    )
    report.notes.append(
        "price at the venue: from the venue's time of the newest prices in a snapshot to its receipt; with the wait: from "
        "any moment to the receipt of the next snapshot with newer prices; the exchange and the load run on all cores"
    )


def latencies(report: Report, name: str, loads: Sequence[Load]) -> None:
    """Add the p50 and p99 latencies of several loads."""
    for key in ("p50", "p99"):
        values = [one.p50_ms if key == "p50" else one.p99_ms for one in loads]
        report.add(spread(f"{name}, {key}", "ms", values, statistics.median(values)))


if __name__ == "__main__":
    sys.exit(main())
