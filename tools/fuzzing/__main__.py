"""Send requests of every kind to a server: every RPC and field of the contract, health and reflection, valid and not, up to
every limit. Most cases go to the handlers in this process, one in 50 to `virtuoso serve`. Only Linux has the figures.

A case is wrong when
- it takes more than 5 ms of CPU and 1 ms a KB of the request, in each of several tries. After a slow try, a fixed amount of
  work shows how slow the machine is at this moment;
- memory grows by more than ten times the size of the request, above the 8 MiB that an allocator takes at once;
- an answer breaks the contract: a reply that cannot be decoded or breaks a rule, an error without code, reason, domain or
  request id of the contract, or with internal names of the program;
- a traceback is logged, or more lines than the log's limit allows.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.message_factory import GetMessageClass

from tools.fuzzing import cost, targets
from tools.fuzzing.cases import Case, Cases, Rpc, rpcs
from tools.fuzzing.contract import Answer, Contract

EXAMPLES = 12
PROCESS_EVERY = 50
PROGRESS_EVERY = 100_000
# The pauses before the tries of one case. On a busy machine, the same work takes several times its CPU time now and then.
PAUSES_S = (0.0, 0.0, 0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
CALIBRATIONS = 30
MAX_WRONG = 100  # the run ends after this many


@dataclass(slots=True)
class Totals:
    """The figures of a run. `wrong` has the case and what is wrong with it."""

    cases: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")  # the share of the allowed time
    growth: tuple[int, str] = (0, "")
    lines: int = 0
    seconds: float = 0.0
    wrong: list[tuple[str, str]] = field(default_factory=list)


class Fuzz:
    """The cases, what they are sent to, and the figures so far."""

    def __init__(self, cases: Cases, log: cost.Log, handlers: targets.Target, server: targets.Process | None = None) -> None:
        self.totals, self._log = Totals(), log
        self._cases, self._contract, self._slowdown = cases, Contract(), cost.Slowdown()
        self._targets: list[tuple[targets.Target, cost.ProcessCost]] = [(handlers, cost.ProcessCost(os.getpid()))]
        if server is not None:
            self._targets.append((server, cost.ProcessCost(server.pid)))

    def close(self) -> None:
        """Release the processes."""
        for _, figures in self._targets:
            figures.close()

    async def run(self, indexes: Iterable[int]) -> None:
        """Send these cases, one after another, until MAX_WRONG are wrong."""
        for _ in range(CALIBRATIONS):
            await self._slowdown.measure()
        for index in indexes:
            if len(self.totals.wrong) >= MAX_WRONG:
                return
            if index and index % PROGRESS_EVERY == 0:
                print(f"{index} cases sent, {len(self.totals.wrong)} wrong", file=sys.stderr)
            case = self._cases.case(index)
            target, figures = self._targets[-1 if index % PROCESS_EVERY == 0 else 0]
            await self._send(case, target, figures)

    async def _send(self, case: Case, target: targets.Target, figures: cost.ProcessCost) -> None:
        totals, size = self.totals, len(case.raw)
        allowed_ms, allowed_growth = cost.allowed_ms(size), cost.allowed_growth(size)
        best_ms, best_growth, answer = float("inf"), sys.maxsize, Answer()
        for pause_s in PAUSES_S:
            await asyncio.sleep(pause_s)
            figures.begin()
            try:
                answer = await target.call(case.rpc, case.raw, case.metadata)
            except Exception as error:  # noqa: BLE001 - the fault that this tool looks for
                totals.wrong.append((str(case), f"raised {error!r}"[:300]))
            ms, growth = figures.end()
            if ms > allowed_ms:
                ms /= await self._slowdown.measure()
            best_ms, best_growth = min(best_ms, ms), min(best_growth, growth)
            if best_ms <= allowed_ms and best_growth <= allowed_growth:
                break
        totals.cases += 1
        (totals.answered if answer.code is None else totals.refused)[case.rpc.method.name] += 1
        if best_ms / allowed_ms > totals.slowest[0]:
            totals.slowest = best_ms / allowed_ms, f"{best_ms:.2f} ms, {case}"
        if best_growth > totals.growth[0]:
            totals.growth = best_growth, str(case)
        if best_ms > allowed_ms:
            totals.wrong.append((str(case), f"takes {best_ms:.1f} ms of CPU; allowed are {allowed_ms:.1f}"))
        if best_growth > allowed_growth:
            totals.wrong.append((str(case), f"takes {best_growth} bytes of memory; allowed are {allowed_growth}"))
        totals.wrong += [(str(case), text) for text in self._contract.wrong(case.rpc, answer)]
        totals.wrong += [(str(case), f"logs a traceback: {text}"[:300]) for text in self._log.take_tracebacks()]


async def run(indexes: range, seed: int, folder: Path) -> Totals:
    """Send the cases with these indexes. `folder` is for the servers' files."""
    await targets.fill_history(folder)
    with cost.Log().attached() as log:
        async with targets.handlers(folder) as handlers, targets.process(folder) as server:
            fuzz = Fuzz(Cases(seed, await _continued(handlers)), log, handlers, server)
            await _continued(server)  # a server's first calls open the history
            gc.freeze()  # as a server does
            first_line, began = len(server.lines()), time.monotonic()
            await fuzz.run(indexes)
            gc.unfreeze()
            fuzz.close()
            totals, lines = fuzz.totals, server.lines()[first_line:]
            totals.seconds = time.monotonic() - began
    limit = cost.allowed_lines(totals.seconds) * max(1, len(log.loggers))
    totals.lines = max(log.lines, len(lines))
    if totals.lines > limit:
        totals.wrong.append(("the log", f"{log.lines} lines, and {len(lines)} of the process; allowed are {limit:.0f}"))
    totals.wrong += [("the log of the process", line) for line in lines if "Traceback" in line or "Error" in line]
    return totals


async def _continued(target: targets.Target) -> dict[str, list[bytes]]:
    """Return requests with the tokens of real replies, by path."""
    continued: dict[str, list[bytes]] = {}
    for rpc in rpcs():
        fields = rpc.method.input_type.fields_by_name
        token = next((name for name in ("page_token", "resume_token", "cursor") if name in fields), None)
        if token is None:
            await target.call(rpc, b"")
            continue
        for size in (0, 1, 3):
            request = GetMessageClass(rpc.method.input_type)()
            if "symbol" in fields:
                request.symbol = "BTCUSDT"  # type: ignore[attr-defined]
            if "page_size" in fields:
                request.page_size = size  # type: ignore[attr-defined]
            value = await _token(target, rpc, request.SerializeToString(), token)
            setattr(request, token, value)
            continued.setdefault(rpc.path, []).append(request.SerializeToString())
    return continued


async def _token(target: targets.Target, rpc: Rpc, raw: bytes, name: str) -> str:
    answer = await target.call(rpc, raw)
    reply = GetMessageClass(rpc.method.output_type).FromString(b"".join(answer.messages))
    return str(getattr(reply, name if name in reply.DESCRIPTOR.fields_by_name else f"next_{name}"))


def main() -> int:
    """Run the command line. Return 0 when no case is wrong."""
    parser = argparse.ArgumentParser(prog="tools/fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000, help="default: %(default)s; long: 1000000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="INDEX", help="send only the case with this index")
    options = parser.parse_args()
    indexes = range(options.cases) if options.only is None else range(options.only, options.only + 1)
    with tempfile.TemporaryDirectory() as folder:
        totals = asyncio.run(run(indexes, options.seed, Path(folder)))
    answered, refused = totals.answered.total(), totals.refused.total()
    print(
        f"cases {totals.cases}\nanswered {answered}\nrefused {refused}\n"
        f"slowest {100 * totals.slowest[0]:.0f} % of the allowed CPU time: {totals.slowest[1]}\n"
        f"largest growth {totals.growth[0] / 1024:.0f} KiB: {totals.growth[1]}\n"
        f"log lines {totals.lines}\nwrong {len(totals.wrong)}"
    )
    for kind, count in Counter(text for _, text in totals.wrong).most_common(EXAMPLES):
        print(f"  {count:5}  {kind}  {next(case for case, text in totals.wrong if text == kind)}")
    print(f"{totals.cases / totals.seconds:.0f} cases a second, {time.process_time():.0f} s of CPU, seed {options.seed}")
    return 1 if totals.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
