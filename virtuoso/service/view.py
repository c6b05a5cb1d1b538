"""One snapshot as a server holds it: encoded field by field, immutable, never re-encoded while it is served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from virtuoso.domain.errors import SymbolNotFound, SymbolNotTracked
from virtuoso.domain.model import DimensionKind
from virtuoso.domain.symbols import split_symbol
from virtuoso.market.v1 import confluence_pb2, market_service_pb2, provenance_pb2, signal_pb2
from virtuoso.service import encoding
from virtuoso.wire import times

if TYPE_CHECKING:
    from virtuoso.market.v1 import opportunity_pb2, snapshot_pb2
    from virtuoso.service.admission import Admitted

Parts = TypeVar("Parts", bound=tuple[object, ...])
TOP_MOVERS = 5  # in a dashboard, each way
ORDERABLE = (
    "score",
    "confidence",
    "price",
    "change_24h_percent",
    "turnover_24h_usd",
    *(kind.lower_name for kind in DimensionKind),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A tracked symbol: its encoded ConfluenceRow, and its numbers in the order of ORDERABLE (None where not measured)."""

    symbol: str
    chunk: bytes
    numbers: tuple[float | None, ...]

    @property
    def score(self) -> float | None:
        """The confluence score, 0-100."""
        return self.numbers[0]


@dataclass(frozen=True, slots=True)
class Mover:
    """One of the day's large moves: its encoded message, and its turnover in USD."""

    chunk: bytes
    turnover: float


@dataclass(frozen=True, slots=True)
class ActiveSignal:
    """A signal: its encoded message, and what lists filter and order by. `side` as in the .proto."""

    opened_ms: int
    id: str
    symbol: str
    side: int
    active: bool
    chunk: bytes


@dataclass(frozen=True, slots=True)
class StandingOpportunity:
    """An opportunity: its encoded message, and what lists filter by. `kind` as in the .proto."""

    symbol: str
    kind: int
    expires_ms: int
    chunk: bytes


@dataclass(frozen=True, slots=True)
class SnapshotDetails:
    """By symbol, without provenance: what GetConfluence and GetBeta answer."""

    confluences: Mapping[str, bytes] = field(default_factory=dict)
    betas: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """What lists, dashboards and deltas are cut from. `rows` highest score first, those without a score last, ties by
    symbol; `overview`, `sentiment` and `record` (of closed signals) are empty when there is none; `betas` by rank, with
    their symbols; `signals` are active and, like `opportunities`, newest first; `untracked` are symbols by asset and
    multiplier; `input_ms` is the oldest input of each dimension by its name, on the market's clock."""

    provenance: provenance_pb2.Provenance  # as published: without path, stale and age
    overview: Sequence[bytes]
    rows: Sequence[Row]
    gainers: Sequence[Mover]
    losers: Sequence[Mover]
    symbols: Sequence[bytes]
    tracked: Mapping[tuple[str, int], str]
    names: frozenset[str]
    untracked: Mapping[tuple[str, int], str]
    sentiment: Sequence[bytes]
    betas: Sequence[tuple[str, bytes]]
    signals: Sequence[ActiveSignal]
    opportunities: Sequence[StandingOpportunity]
    record: Sequence[bytes]
    input_ms: Mapping[str, int]
    body: bytes  # of GetDashboardResponse without provenance
    behind_ms: int = 0  # how far the market's clock runs behind ours; 0 unless a recording is played
    _orders: dict[tuple[str, bool], Sequence[Row]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self.provenance.snapshot_id

    @property
    def observed_ms(self) -> int:
        """The exchange's clock of its newest prices; of a recording, moved to the moment at which it is played."""
        return times.millis(self.provenance.observed_time) + self.behind_ms

    @property
    def computed_ms(self) -> int:
        """Our clock when it was computed; of a recording, as above."""
        return times.millis(self.provenance.computed_time) + self.behind_ms

    @property
    def complete(self) -> bool:
        """True with enough scores to call a server ready: min(30, universe), and at least one."""
        coverage = self.provenance.coverage
        return coverage.present >= max(1, min(30, coverage.expected))

    def capabilities(self) -> frozenset[str]:
        """What health has names for and this snapshot can answer. No signal and no opportunity is an answer, too."""
        has = {
            "confluence": self.provenance.coverage.present > 0,
            "overview": bool(self.overview),
            "movers": bool(self.gainers or self.losers),
            "beta": bool(self.betas),
            "signals": True,
            "opportunities": True,
        }
        return frozenset(name for name, there in has.items() if there)

    def ordered(self, order_by: str) -> Sequence[Row]:
        """All rows by "<field>[ asc|desc]"; rows without the value last either way, ties by symbol. The field must be
        "symbol" or one of ORDERABLE; the empty string is "score desc"."""
        name, _, direction = (order_by or "score desc").partition(" ")
        key = name, direction.strip() == "desc"
        rows = self._orders.get(key)
        if rows is None:
            rows = self._orders[key] = _sorted(self.rows, *key)
        return rows

    def symbol(self, asked: str) -> str:
        """The tracked symbol that is meant: that name, or the same asset and multiplier as another venue spells it.
        SymbolNotTracked when the venue has it but it is not scored, SymbolNotFound when the venue does not have it."""
        symbol = self.spelling(asked)
        if symbol in self.names:
            return symbol
        if self.listed(asked):
            raise self.untracked_error(asked)
        raise SymbolNotFound(f"{self.provenance.venue} has no USDT perpetual {asked}")

    def untracked_error(self, asked: str) -> SymbolNotTracked:
        """That the venue has the symbol, but it is not scored."""
        venue = self.provenance.venue
        return SymbolNotTracked(f"{asked} is a market of {venue}, but not among the scored ones: ListSymbols names those")

    def spelling(self, asked: str) -> str:
        """The tracked symbol that is meant; `asked` itself when none is."""
        return asked if asked in self.names else self.tracked.get(split_symbol(asked), asked)

    def listed(self, asked: str) -> str | None:
        """The symbol that is meant of those that the venue has and that are not scored; None when there is none."""
        return self.untracked.get(split_symbol(asked))

    def spellings(self, asked: Iterable[str]) -> frozenset[str]:
        """The names as they were asked for, and as this venue spells them: what is remembered may be of either."""
        return frozenset(name for each in asked for name in (each, self.spelling(each), self.listed(each)) if name)

    def snapshot(self) -> bytes:
        """Encoded DashboardSnapshot: the first message of a stream."""
        return _dashboard(1, self.overview, self.rows, self.gainers, self.losers)

    def delta(self, older: SnapshotView) -> bytes:
        """Encoded DashboardDelta: what makes this dashboard of an older one."""
        known = {row.symbol: row.chunk for row in older.rows}
        changed = [row for row in self.rows if known.pop(row.symbol, None) != row.chunk]
        overview = self.overview if self.overview != older.overview else ()
        removed = encoding.field(3, (encoding.chunk(symbol.encode()) for symbol in known))
        return (
            encoding.field(1, overview)
            + encoding.field(2, [row.chunk for row in changed])
            + removed
            + encoding.field(4, [mover.chunk for mover in self.gainers[:TOP_MOVERS]])
            + encoding.field(5, [mover.chunk for mover in self.losers[:TOP_MOVERS]])
        )


def build(admitted: Admitted, *, behind_ms: int = 0) -> tuple[SnapshotView, SnapshotDetails]:
    """The view of a snapshot of a market whose clock runs `behind_ms` behind ours, and its details. The second is much the
    larger and is held for the newest snapshot only."""
    rows = _sorted([_row(row) for row in admitted.rows], "score", True)  # noqa: FBT003  # as the partition of order_by
    overview = (encoding.chunk_of(admitted.overview),) if admitted.overview else ()
    gainers, losers = (
        [Mover(encoding.chunk_of(m), m.turnover_24h_usd) for m in movers] for movers in (admitted.gainers, admitted.losers)
    )
    tracked = {split_symbol(row.symbol): row.symbol for row in rows}
    tracked |= {(item.base_asset, int(item.multiplier)): item.symbol for item in admitted.symbols}
    view = SnapshotView(
        provenance=admitted.provenance,
        overview=overview,
        rows=rows,
        gainers=gainers,
        losers=losers,
        symbols=_kept(tuple(encoding.chunk_of(s) for s in sorted(admitted.symbols, key=lambda s: s.rank))),
        tracked=tracked,
        names=frozenset(row.symbol for row in rows).union(item.symbol for item in admitted.symbols),
        untracked=_untracked(tuple(admitted.venue_symbols), frozenset(tracked)),
        sentiment=(encoding.chunk_of(admitted.sentiment),) if admitted.sentiment else (),
        betas=_kept(tuple((item.beta.symbol, encoding.chunk_of(item.beta)) for item in admitted.betas)),
        signals=sorted(map(call, admitted.signals), key=lambda one: (one.opened_ms, one.id), reverse=True),
        opportunities=[_found(item) for item in admitted.opportunities],
        record=(encoding.chunk_of(admitted.signal_record),) if admitted.signal_record else (),
        input_ms=_oldest_inputs(admitted.confluences),
        body=_dashboard(2, overview, rows, gainers, losers),
        behind_ms=behind_ms,
    )
    return view, SnapshotDetails(
        confluences={item.row.symbol: _detail(item).SerializeToString(deterministic=True) for item in admitted.confluences},
        betas={item.beta.symbol: _beta(item) for item in admitted.betas},
    )


def call(signal: signal_pb2.Signal) -> ActiveSignal:
    """A signal as lists hold it."""
    return ActiveSignal(
        opened_ms=times.millis(signal.opened_time),
        id=signal.id,
        symbol=signal.symbol,
        side=signal.side,
        active=signal.status == signal_pb2.SIGNAL_STATUS_ACTIVE,
        chunk=encoding.chunk_of(signal),
    )


def _dashboard(
    first: int, overview: Sequence[bytes], rows: Sequence[Row], gainers: Sequence[Mover], losers: Sequence[Mover]
) -> bytes:
    """The four fields of a whole dashboard, numbered from `first` on."""
    return (
        encoding.field(first, overview)
        + encoding.field(first + 1, [row.chunk for row in rows])
        + encoding.field(first + 2, [mover.chunk for mover in gainers[:TOP_MOVERS]])
        + encoding.field(first + 3, [mover.chunk for mover in losers[:TOP_MOVERS]])
    )


def _row(row: confluence_pb2.ConfluenceRow) -> Row:
    present = {field.name: value for field, value in row.ListFields()}
    numbers = tuple(present.get(name) for name in ORDERABLE)
    return Row(row.symbol, encoding.chunk_of(row), numbers)


@lru_cache(maxsize=8)
def _kept(parts: Parts) -> Parts:
    """The same parts as before where they are equal: views are kept for minutes, and much of them changes seldom."""
    return parts


@lru_cache(maxsize=4)
def _untracked(venue_symbols: tuple[str, ...], tracked: frozenset[tuple[str, int]]) -> Mapping[tuple[str, int], str]:
    """The symbols of a venue that are not tracked, by asset and multiplier."""
    return {market: name for name in venue_symbols if (market := split_symbol(name)) not in tracked}


def _found(item: opportunity_pb2.Opportunity) -> StandingOpportunity:
    return StandingOpportunity(item.symbol, item.kind, times.millis(item.expires_time), encoding.chunk_of(item))


def _beta(item: snapshot_pb2.SymbolBeta) -> bytes:
    """Fields 2 and 3 of GetBetaResponse."""
    return encoding.field(2, (encoding.chunk_of(item.beta),)) + encoding.field(3, map(encoding.chunk_of, item.rolling))


def _sorted(rows: Sequence[Row], name: str, descending: bool) -> Sequence[Row]:  # noqa: FBT001  # half of a dict's key
    by_symbol = sorted(rows, key=lambda row: row.symbol)
    if name == "symbol":
        return by_symbol[::-1] if descending else by_symbol
    index = ORDERABLE.index(name)
    missing = [row for row in by_symbol if row.numbers[index] is None]
    present = [(number, row) for row in by_symbol if (number := row.numbers[index]) is not None]
    present.sort(key=lambda pair: pair[0], reverse=descending)  # stable, also in reverse: ties stay by symbol
    return [row for _, row in present] + missing


def _oldest_inputs(confluences: Sequence[snapshot_pb2.Confluence]) -> Mapping[str, int]:
    oldest: dict[str, int] = {}
    for confluence in confluences:
        for dimension in confluence.dimensions:
            if dimension.HasField("observed_time"):
                kind = DimensionKind(dimension.kind).lower_name
                observed = times.millis(dimension.observed_time)
                oldest[kind] = min(observed, oldest.get(kind, observed))
    return oldest


def _detail(confluence: snapshot_pb2.Confluence) -> market_service_pb2.GetConfluenceResponse:
    row = confluence.row
    detail = market_service_pb2.GetConfluenceResponse(
        symbol=row.symbol,
        coverage=row.coverage,
        label=row.label,
        price=row.price,
        price_time=confluence.price_time,
        dimensions=confluence.dimensions,
        drivers=confluence.drivers,
        missing_inputs=confluence.missing_inputs,
    )
    for name in ("score", "confidence", "change_24h_percent", "turnover_24h_usd"):
        if row.HasField(name):
            setattr(detail, name, getattr(row, name))
    if confluence.HasField("agreement"):
        detail.agreement = confluence.agreement
    return detail
