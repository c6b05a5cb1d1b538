"""Alerts of findings: each finding once, and the findings of many markets together.

    findings of a pass ─► select_alerts(AlertState) ─► (AlertState, alerts)
    stored alerts ─► restore ─► AlertState

A finding is new when its symbol (or signal) was not sent within the cooldown of its kind, or when it has reached a higher
step: a move that grows is sent again at each doubling and at CRITICAL. A new finding is an alert at once. The findings of
one pass with one condition and side are one alert with a list. When five markets have one condition within 15 minutes, of
either side, it is an event of the whole market. So are five signals of one side, and five opportunities of one kind. Its
findings then wait for each other. One alert for each side lists them

- at once when one of them is BTC's,
- for price moves and signals, at once when they are as many as the event has sent so far; 5 minutes after the last one when
  one of them is CRITICAL, a new signal, or of a step that the event has not sent; and after 5 minutes otherwise,
- for other kinds, at once when they make it an event, and after 15 minutes at the latest.

Growth of a kind other than price moves waits until 5 minutes after its last alert. What follows from another finding has
no alert: volume, liquidations and opportunities of a market whose price move waits or was just sent, liquidations of a
market when those of all markets on this side wait or were sent, or when its other side was sent with at least this step.

So an event gives few alerts, and each other finding is in exactly one. Stored alerts have their findings. A collector
that takes over reads them, and sends none again.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from virtuoso.domain.model import ANCHOR
from virtuoso.domain.records import Alert, AlertKind, AlertLevel, AlertMarket

COOLDOWNS_S: Mapping[AlertKind, float] = {
    AlertKind.SIGNAL_OPENED: 7 * 86_400,
    AlertKind.SIGNAL_CLOSED: 7 * 86_400,
    AlertKind.OPPORTUNITY: 7 * 86_400,
    AlertKind.REGIME_CHANGE: 1_800,
    AlertKind.LARGE_TRADE: 1_800,
    AlertKind.VOLUME_SPIKE: 3_600,
    AlertKind.FUNDING_EXTREME: 8 * 3_600,
    AlertKind.OPEN_INTEREST_SURGE: 3_600,
    AlertKind.PRICE_MOVE: 1_800,
    AlertKind.LIQUIDATION: 1_800,
    AlertKind.DATA_QUALITY: 300,
}
"""The time for which a key gives no second alert. Keys of signals and opportunities contain ids, which are unique."""
MIN_RECALL_MS, RECALL_MS = 3_600_000, 8 * 3_600_000
"""The time for which it is remembered what was sent, unless the cooldown is shorter. At least an hour."""
MANY, EVENT_MS = 5, 900_000
"""The number of markets of an event, and the time within which they have findings of its kind."""
RECORDS = frozenset({AlertKind.SIGNAL_OPENED, AlertKind.SIGNAL_CLOSED, AlertKind.OPPORTUNITY})
"""The kinds whose alerts say more than a list can. All others are conditions."""
FOLLOWING_S: Mapping[AlertKind, float] = {
    AlertKind.VOLUME_SPIKE: COOLDOWNS_S[AlertKind.VOLUME_SPIKE],
    AlertKind.LIQUIDATION: COOLDOWNS_S[AlertKind.LIQUIDATION],
    AlertKind.OPPORTUNITY: COOLDOWNS_S[AlertKind.PRICE_MOVE],
}
"""The kinds that follow from a price move of the same market, and the time for which they do."""
PROMPT_KINDS = frozenset({AlertKind.PRICE_MOVE, AlertKind.SIGNAL_OPENED})
PROMPT_WAIT_MS, WAIT_MS = 300_000, 900_000
MAX_LISTED_CHARACTERS = 260


class Finding(NamedTuple):
    """The content of an alert on one market. `alert` is that alert; it has one market. `subject` distinguishes findings of a
    kind, such as rises and falls. `item` is its figure in a list."""

    alert: Alert
    subject: str
    item: str

    @property
    def market(self) -> AlertMarket:
        """Return the market of the finding, with its step."""
        return self.alert.markets[0]


class FindingKey(NamedTuple):
    """What a finding is about. `name` is the id of its signal or opportunity, or else the symbol."""

    kind: AlertKind
    subject: str
    name: str


class SentAt(NamedTuple):
    """The highest step that was sent of a finding, and when it was last sent, epoch ms."""

    step: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """What was sent, and the findings of events that wait to be sent, with the times of their first pass (epoch ms)."""

    sent: Mapping[FindingKey, SentAt] = field(default_factory=dict)
    waiting: Mapping[FindingKey, tuple[Finding, int]] = field(default_factory=dict)


NO_ALERTS = AlertState()


def finding(alert: Alert, subject: str, item: str, *, step: int = 0) -> Finding:
    """Return the finding of an alert on one market. Its key begins with kind and subject."""
    market = AlertMarket(symbol=alert.symbol, reading=alert.reading, step=step, reference=alert.reference)
    return Finding(replace(alert, key=f"{alert.kind.lower_name}:{subject}:{alert.key}", markets=(market,)), subject, item)


def restore(state: AlertState, alerts: Iterable[Alert]) -> AlertState:
    """Return the state with stored alerts of the same venue added, in any order."""
    sent = dict(state.sent)
    for alert in alerts:
        for market in alert.markets:
            key = FindingKey(alert.kind, alert.key.split(":")[1], market.reference or market.symbol)
            known = sent.get(key, SentAt(market.step, alert.observed_ms))
            sent[key] = SentAt(max(known.step, market.step), max(known.at_ms, alert.observed_ms))
    return replace(state, sent=sent)


def select_alerts(
    state: AlertState, findings: Iterable[Finding], tracked: int, now_ms: int
) -> tuple[AlertState, list[Alert]]:
    """Return (the state after this pass, the alerts of the pass) at `now_ms` (epoch ms, the exchange's clock). `tracked`
    is the number of tracked markets."""
    sent = {key: one for key, one in state.sent.items() if now_ms - one.at_ms < _memory_ms(key.kind)}
    waiting = dict(state.waiting)
    for one in findings:
        key = FindingKey(one.alert.kind, one.subject, one.market.reference or one.market.symbol)
        known = sent.get(key)
        if known is None or one.market.step > known.step or now_ms - known.at_ms >= 1000 * COOLDOWNS_S[key.kind]:
            waiting[key] = (one, waiting[key][1] if key in waiting else now_ms)
    waiting = {key: one for key, one in waiting.items() if not _follows(key, one[0].market, sent, waiting, now_ms)}
    ready = {key: one for key, one in waiting.items() if not _grows_slowly(key, sent, now_ms)}
    alerts: list[Alert] = []
    for story in dict.fromkeys(map(_story, ready)):
        new = {key: one for key, one in ready.items() if _story(key) == story}
        before = {key: one for key, one in sent.items() if _story(key) == story and now_ms - one.at_ms < EVENT_MS}
        is_event = len({key.name for key in (*before, *new)}) >= MANY
        if is_event and not _is_due(story[0], before, [*new.values()], now_ms):
            continue
        for subject in dict.fromkeys(key.subject for key in new):
            side = [one for key, (one, _) in new.items() if key.subject == subject]
            listed = len(side) > 1 and (is_event or story[0] not in RECORDS)
            alerts += [_together(side, tracked, now_ms)] if listed else [one.alert for one in side]
        for key, (one, _) in new.items():
            sent[key] = SentAt(one.market.step, now_ms)
            del waiting[key]
    return AlertState(sent=sent, waiting=waiting), alerts


def _memory_ms(kind: AlertKind) -> float:
    return max(MIN_RECALL_MS, min(RECALL_MS, 1000 * COOLDOWNS_S[kind]))


def _story(key: FindingKey) -> tuple[AlertKind, str]:
    """Return what the findings of an event have in common: kind and side, or only the kind of conditions of markets."""
    return key.kind, key.subject if key.kind in RECORDS or not key.name else ""


def _grows_slowly(key: FindingKey, sent: Mapping[FindingKey, SentAt], now_ms: int) -> bool:
    """Return True if a finding was just sent and has grown, and is of a kind whose growth may wait."""
    return key.kind not in PROMPT_KINDS and key in sent and now_ms - sent[key].at_ms < PROMPT_WAIT_MS


def _follows(
    key: FindingKey,
    market: AlertMarket,
    sent: Mapping[FindingKey, SentAt],
    waiting: Mapping[FindingKey, object],
    now_ms: int,
) -> bool:
    """Return True if a finding follows from another one that waits, or was sent within the time of its kind."""
    if not market.symbol or key.kind not in FOLLOWING_S:
        return False
    recent = {one: at.step for one, at in sent.items() if now_ms - at.at_ms < 1000 * FOLLOWING_S[key.kind]}
    causes = [FindingKey(AlertKind.PRICE_MOVE, side, market.symbol) for side in ("rose", "fell")]
    causes.append(FindingKey(key.kind, f"all {key.subject}", ""))
    other_side = FindingKey(key.kind, "shorts" if key.subject == "longs" else "longs", key.name)
    return recent.get(other_side, -1) >= market.step or any(one in waiting or one in recent for one in causes)


def _is_due(
    kind: AlertKind, before: Mapping[FindingKey, SentAt], waiting: Sequence[tuple[Finding, int]], now_ms: int
) -> bool:
    """Return True when the findings of an event that wait must be sent now."""
    first_ms = min(since_ms for _, since_ms in waiting)
    if any(one.market.symbol == ANCHOR for one, _ in waiting):
        return True
    if kind not in PROMPT_KINDS:
        return len(before) < MANY or now_ms - first_ms >= WAIT_MS
    if len(waiting) >= len(before):
        return True
    highest, last_ms = max(one.step for one in before.values()), max(one.at_ms for one in before.values())
    urgent = any(
        one.alert.level is AlertLevel.CRITICAL or kind is AlertKind.SIGNAL_OPENED or one.market.step > highest
        for one, _ in waiting
    )
    return now_ms - first_ms >= PROMPT_WAIT_MS or (urgent and now_ms - last_ms >= PROMPT_WAIT_MS)


def _together(findings: Sequence[Finding], tracked: int, now_ms: int) -> Alert:
    """Return the alert that lists several findings of one kind and subject, BTC's first, then by step and figure."""
    listed = sorted(
        findings,
        key=lambda f: (f.market.symbol != ANCHOR, -f.market.step, -abs(f.market.reading or 0.0), f.market.symbol),
    )
    first, markets = listed[0].alert, tuple(f.market for f in listed)
    text, shown = f"{_event_text(listed, tracked)}: ", 0
    for one in listed:
        item = f"{', ' if shown else ''}{one.market.symbol} {one.item}".rstrip()
        if len(text) + len(item) > MAX_LISTED_CHARACTERS:
            break
        text, shown = text + item, shown + 1
    rest = len(listed) - shown
    content = repr([(m.reference or m.symbol, m.step) for m in markets])
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    return Alert(
        key=f"{first.kind.lower_name}:{listed[0].subject}:{first.venue}:many:{digest}",
        venue=first.venue,
        kind=first.kind,
        level=max(f.alert.level for f in listed),
        observed_ms=now_ms,
        text=f"{text}, and {rest} more." if rest else f"{text}.",
        reading=float(len(markets)),
        unit="markets",
        environment=first.environment,
        markets=markets,
    )


EVENT_TEXTS: Mapping[AlertKind, str] = {
    AlertKind.PRICE_MOVE: "{markets} {subject} at least {least:.1f} % within 15 minutes",
    AlertKind.OPEN_INTEREST_SURGE: "{markets}: open interest {subject} at least {least:.1f} % within an hour",
    AlertKind.LARGE_TRADE: "{markets}: takers {subject} unusually much within a millisecond",
    AlertKind.VOLUME_SPIKE: "{markets} traded at least {least:.0f} times their usual volume in 5 minutes",
    AlertKind.FUNDING_EXTREME: "{markets}: {subject} pay unusually much, percent a day",
    AlertKind.LIQUIDATION: "{markets}: {subject} liquidated within 5 minutes",
    AlertKind.SIGNAL_OPENED: "{count} {subject} signals opened, with their scores",
    AlertKind.SIGNAL_CLOSED: "{count} {subject} signals ended, with their results after costs",
    AlertKind.OPPORTUNITY: "{markets}: {subject}",
}
"""What the findings of an event have in common. `least` is the smallest figure."""


def _event_text(listed: Sequence[Finding], tracked: int) -> str:
    kind, subject = listed[0].alert.kind, listed[0].subject
    least = min(abs(f.market.reading or 0.0) for f in listed)
    digits = 1 if kind is AlertKind.VOLUME_SPIKE else 10
    return EVENT_TEXTS[kind].format(
        markets=f"{len({f.market.symbol for f in listed})} of {tracked} markets",
        subject=subject.replace("_", " "),
        count=len(listed),
        least=math.floor(digits * least + 1e-6) / digits,  # rounded down, so that the text is true
    )
