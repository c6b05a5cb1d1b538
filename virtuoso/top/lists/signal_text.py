"""The texts of one signal, and of the record of all closed ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.domain.prices import common_tick, price_text
from virtuoso.market.v1 import signal_pb2
from virtuoso.top import names, words
from virtuoso.top.styles import FAINT, WARN, name_value_line, name_value_lines, signed
from virtuoso.top.words import optional

if TYPE_CHECKING:
    from virtuoso.market.v1.signal_pb2 import MeanResult, Signal, SignalRecord
    from virtuoso.top.context import Context

MIN_TO_JUDGE = 30  # with fewer closed signals, the interval of a win rate is too wide
VERDICTS = {
    signal_pb2.SIGNAL_VERDICT_NOTHING_SHOWN: "So far, nothing shows that they do better than random entries.",
    signal_pb2.SIGNAL_VERDICT_BETTER: "They do better than random entries.",
    signal_pb2.SIGNAL_VERDICT_WORSE: "They do worse than random entries.",
}
HISTORY_DOWN = "The record is not available, because the history cannot be read."


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of a signal at a price. The moves are percent."""

    result_r: float  # that of the closed part, and that of the open part if it were closed at the price
    to_stop: float
    to_target: float | None  # None without a further target


def progress(signal: Signal, price: float) -> Progress:
    """Return the progress of a signal at a price."""
    sign = -1 if signal.side == signal_pb2.SIDE_SHORT else 1
    still_open = 1 - sum(target.size for target in signal.targets[: signal.targets_hit])
    moved = sign * math.log(price / signal.entry) / abs(math.log(signal.stop / signal.entry))
    further = signal.targets[signal.targets_hit :]
    return Progress(
        result_r=signal.result_r + still_open * moved,
        to_stop=(signal.stop / price - 1) * 100,
        to_target=(further[0].price / price - 1) * 100 if further else None,
    )


def is_active(signal: Signal) -> bool:
    """Return whether the signal has not ended."""
    return signal.status == signal_pb2.SIGNAL_STATUS_ACTIVE


def current_price(signal: Signal, context: Context) -> float | None:
    """Return the price of the signal's own venue. Return None while another venue is in use."""
    row = context.row(signal.symbol)
    return row.price if row and not context.other_venue(signal.venue) else None


def tick_size(signal: Signal, context: Context) -> float | None:
    """Return the tick size of the signal's prices: that of its market, while it is known."""
    row = None if context.other_venue(signal.venue) else context.row(signal.symbol)
    current = optional(row, "tick_size") if row else None
    return current or common_tick([signal.entry, signal.stop, *(target.price for target in signal.targets)])


def result_r(signal: Signal, context: Context) -> float | None:
    """Return the result in R: of an active signal at the current price, of a closed one after costs where they are known."""
    if not is_active(signal):
        net = optional(signal, "net_result_r")
        return signal.result_r if net is None else net
    price = current_price(signal, context)
    return None if price is None else progress(signal, price).result_r


def signal_text(signal: Signal, context: Context) -> Text:
    """Return the plan of a signal, and what came of it."""
    text = Text()
    if venue := context.other_venue(signal.venue):
        judged = context.clock(signal.judge_time)
        text.append(f"Opened on {venue}, which is not in use now. The signal is judged by prices of {venue} up to ", WARN)
        text.append(f"{judged}, and further when {venue} is used again.\n", WARN)
    if signal.market_symbols:
        text.append(f"A move of the whole market: {len(signal.market_symbols)} scores point to this side.\n")
    text.append_text(_plan(signal, context)).append("\n")
    text.append_text(_active(signal, context) if is_active(signal) else _closed(signal, context))
    drivers = [names.dimension(kind).lower() for kind in signal.drivers[:3]]
    called = f"\nOpened at a score of {signal.score:.0f} with a confidence of {words.share(signal.confidence)}"
    return text.append(f"{called}{f', driven by {names.listed(drivers)}' if drivers else ''}.", FAINT)


def _plan(signal: Signal, context: Context) -> Text:
    facts = [
        ("Side", words.SIDES.get(signal.side, words.DASH)),
        ("Entry", _price(signal.entry, signal, context)),
        ("Stop", _price(signal.stop, signal, context)),
    ]
    for number, target in enumerate(signal.targets, start=1):
        chance = optional(target, "chance")
        more = "reached" if number <= signal.targets_hit else "" if chance is None else f"{words.share(chance)} chance"
        facts.append((f"Target {number}", f"{_price(target.price, signal, context)}{f' ({more})' if more else ''}"))
    return name_value_lines(context.width - 4, *facts)


def _active(signal: Signal, context: Context) -> Text:
    text = Text()
    price = current_price(signal, context)
    if price is not None:
        now = progress(signal, price)
        text.append("Now" if context.is_current else "At the last price", FAINT)
        text.append(" ").append(*signed(f"{words.points(now.result_r, 2)} R")).append("   ")
        text.append_text(name_value_line(("Stop", words.change(now.to_stop)), ("Next target", words.change(now.to_target))))
        text.append("\n")
    if signal.targets_hit:
        net = optional(signal, "net_result_r")
        realised = words.points(signal.result_r if net is None else net, 2)
        text.append(f"{realised} R is realised{'' if net is None else ' after costs'}. ")
    left_s = -context.age_s(signal.expire_time)
    ends = f"in {words.age(left_s, rough=True)}" if left_s > 0 else "with the next bar"
    return text.append(f"{context.ago(signal.open_time)} ago, expires {ends}.", FAINT)


def _closed(signal: Signal, context: Context) -> Text:
    net, exit_price = optional(signal, "net_result_r"), optional(signal, "exit_price")
    after = f" after target {signal.targets_hit}" if 0 < signal.targets_hit < len(signal.targets) else ""
    held_s = (signal.close_time.ToMilliseconds() - signal.open_time.ToMilliseconds()) / 1000
    gross = words.points(signal.result_r, 2)
    result = f"{gross} R before costs" if net is None else f"{words.points(net, 2)} R after costs, {gross} before"
    out = words.DASH if exit_price is None else _price(exit_price, signal, context)
    return Text(
        f"{words.STATUSES.get(signal.status, 'Closed')}{after}: {result}. {context.clock(signal.close_time)}, "
        f"held {words.age(held_s, rough=True)}, {_price(signal.entry, signal, context)} to {out}."
    )


def _price(price: float, signal: Signal, context: Context) -> str:
    return price_text(price, tick_size(signal, context))


def record_text(record: SignalRecord) -> Text:
    """Return what the results of all closed signals show."""
    tally, evidence = record.all, record.evidence
    if not tally.count:
        return Text("No signal has closed yet.", FAINT)
    text = Text(f"{tally.count} signals have closed, " if tally.count > 1 else "1 signal has closed, ").append(
        f"{tally.wins} won. "
    )
    if evidence.net.HasField("mean_r"):
        text.append(f"Mean {_mean(evidence.net, ' after costs')}. ")
    nothing_shown = VERDICTS[signal_pb2.SIGNAL_VERDICT_NOTHING_SHOWN]
    text.append(f"{VERDICTS.get(evidence.verdict, nothing_shown)} ", "bold")
    low, high = words.share(optional(tally, "win_rate_low")), words.share(optional(tally, "win_rate_high"))
    if tally.count < MIN_TO_JUDGE:
        text.append(f"Too few to judge: the win rate is somewhere between {low} and {high}. ", WARN)
    else:
        text.append(f"The win rate is between {low} and {high} (95 % interval). ", FAINT)
    if evidence.baseline.HasField("mean_r"):
        text.append(f"Random entries: mean {_mean(evidence.baseline)}.", FAINT)
    return text


def _mean(mean: MeanResult, what: str = "") -> str:
    low, high = optional(mean, "mean_r_low"), optional(mean, "mean_r_high")
    interval = "" if low is None else f" (95 % interval {words.points(low, 2)} to {words.points(high, 2)})"
    return f"{words.points(mean.mean_r, 2)} R{what}{interval}"
