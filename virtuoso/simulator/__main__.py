"""`python -m virtuoso.simulator --address 127.0.0.1:9100 --seed 7`: the simulated exchange as a process.

The exit code is 0 after SIGTERM, SIGINT or the end of the parent. It is 2 for invalid arguments or an unavailable address.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

import uvloop

from virtuoso.domain.addresses import format_address, parse_address
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.tasks import wait_for_parent_exit
from virtuoso.simulator.market import SimulatedMarket
from virtuoso.simulator.server import SimulatedExchange


def main() -> int:
    """Run until a signal or the end of the parent. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m virtuoso.simulator", description="A simulated exchange on one port.")
    parser.add_argument("--address", default="127.0.0.1:9100", help="host:port, 0 for any free port (default %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="the seed of the market, 0 or above (default %(default)s)")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    options = parser.parse_args()
    try:
        parse_address(options.address)
    except ValueError as error:
        parser.error(f"--address {error}")
    if options.seed < 0:
        parser.error(f"--seed {options.seed}: expected a whole number of 0 or more")
    return uvloop.run(serve(options.address, options.seed, with_parent=options.with_parent))


async def serve(address: str, seed: int, *, with_parent: bool) -> int:
    """Listen, print the address, and wait for a signal. Return the exit code."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    market = SimulatedMarket(seed, now_ms=epoch_ms())
    exchange = SimulatedExchange(market)
    try:
        port = await exchange.start(address)
    except OSError as error:
        print(f"--address {address} cannot be used: {error}", file=sys.stderr)  # noqa: T201 - a command prints
        return 2
    bound = format_address((parse_address(address)[0], port))
    print(f"simulated exchange on http://{bound}, seed {seed}", flush=True)  # noqa: T201 - the same
    preparing = asyncio.create_task(prepare(market))  # runs while clients start
    ends: list[asyncio.Task[object]] = [asyncio.create_task(stop.wait())]
    if with_parent:
        ends.append(asyncio.create_task(wait_for_parent_exit()))
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in (*ends, preparing):
        task.cancel()
    await exchange.close()
    return 0


async def prepare(market: SimulatedMarket) -> None:
    """Compute the data of the first client requests, in steps between requests."""
    for _ in market.prepare(epoch_ms()):
        await asyncio.sleep(0)


if __name__ == "__main__":
    sys.exit(main())
