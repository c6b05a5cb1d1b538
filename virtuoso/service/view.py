"""One snapshot as a server holds it: encoded field by field when it arrives, immutable, and cut into replies without
encoding anything again. `view_builder` makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from virtuoso.domain.errors import SymbolNotFound, SymbolNotTracked
from virtuoso.domain.model import DimensionKind
from virtuoso.domain.snapshot import is_complete
from virtuoso.domain.symbols import split_symbol
from virtuoso.service import encoding
from virtuoso.wire import times

if TYPE_CHECKING:
    from virtuoso.market.v1 import provenance_pb2

TOP_MOVERS = 5  # gainers of a dashboard, and losers
ORDERABLE = (
    "score",
    "confidence",
    "price",
    "change_24h_percent",
    "turnover_24h_usd",
    *(kind.lower_name for kind in DimensionKind),
)


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """A ConfluenceRow. `numbers` are in the order of ORDERABLE, None where not measured."""

    symbol: str
    chunk: bytes
    numbers: tuple[float | None, ...]

    @property
    def score(self) -> float | None:
        """The confluence score, 0-100."""
        return self.numbers[0]


@dataclass(frozen=True, slots=True)
class EncodedMover:
    """A Mover. `turnover` in USD."""

    chunk: bytes
    turnover: float


@dataclass(frozen=True, slots=True)
class EncodedSignal:
    """An active or closed Signal, with what lists filter and order by. `side` as in the .proto."""

    opened_ms: int
    id: str
    symbol: str
    side: int
    active: bool
    chunk: bytes


@dataclass(frozen=True, slots=True)
class EncodedOpportunity:
    """An Opportunity, with what lists filter by. `kind` as in the .proto."""

    symbol: str
    kind: int
    expires_ms: int
    chunk: bytes


@dataclass(frozen=True, slots=True)
class SnapshotDetails:
    """The replies of GetConfluence and GetBeta by symbol, without provenance."""

    confluences: Mapping[str, bytes] = field(default_factory=dict)
    betas: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """The source of lists, dashboards and deltas. `rows`: highest score first, those without a score last, equal ones by
    symbol. `overview`, `sentiment`, `record` (of closed signals): one message, or none when it could not be measured.
    `symbols` and `betas` (with their symbols) by rank. `signals` are active; they and `opportunities` are newest first.
    `tracked` and `untracked`: symbols by asset and multiplier. `names`: all tracked symbols. `input_ms`: the oldest input of
    each dimension by its name, on the market's clock."""

    provenance: provenance_pb2.Provenance  # without path, stale and age
    overview: Sequence[bytes]
    rows: Sequence[EncodedRow]
    gainers: Sequence[EncodedMover]
    losers: Sequence[EncodedMover]
    symbols: Sequence[bytes]
    tracked: Mapping[tuple[str, int], str]
    names: frozenset[str]
    untracked: Mapping[tuple[str, int], str]
    sentiment: Sequence[bytes]
    betas: Sequence[tuple[str, bytes]]
    signals: Sequence[EncodedSignal]
    opportunities: Sequence[EncodedOpportunity]
    record: Sequence[bytes]
    input_ms: Mapping[str, int]
    body: bytes  # of GetDashboardResponse without provenance
    behind_ms: int = 0  # how far the market's clock runs behind ours; 0 unless a recording is played
    _orders: dict[tuple[str, bool], Sequence[EncodedRow]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self.provenance.snapshot_id

    @property
    def observed_ms(self) -> int:
        """The exchange's clock of its newest prices. Of a recording: moved to the time at which it is played."""
        return times.millis(self.provenance.observed_time) + self.behind_ms

    @property
    def computed_ms(self) -> int:
        """Our clock when it was computed. Of a recording: moved to the time at which it is played."""
        return times.millis(self.provenance.computed_time) + self.behind_ms

    @property
    def complete(self) -> bool:
        """True with enough scores to call a server ready: see `is_complete`."""
        coverage = self.provenance.coverage
        return is_complete(scored=coverage.present, tracked=coverage.expected)

    def capabilities(self) -> frozenset[str]:
        """Return the names of health that this snapshot can answer. No signals and no opportunities are an answer too."""
        has = {
            "confluence": self.provenance.coverage.present > 0,
            "overview": bool(self.overview),
            "movers": bool(self.gainers or self.losers),
            "beta": bool(self.betas),
            "signals": True,
            "opportunities": True,
        }
        return frozenset(name for name, present in has.items() if present)

    def ordered(self, order_by: str) -> Sequence[EncodedRow]:
        """Return all rows by "<field>[ asc|desc]"; the empty string means "score desc". The field must be "symbol" or one of
        ORDERABLE. Rows without the number come last in both directions, equal ones are ordered by symbol."""
        name, _, direction = (order_by or "score desc").partition(" ")
        key = name, direction.strip() == "desc"
        rows = self._orders.get(key)
        if rows is None:
            rows = self._orders[key] = ordered(self.rows, *key)
        return rows

    def symbol(self, asked: str) -> str:
        """Return the tracked symbol that `asked` means: that name, or the one with the same asset and multiplier. Raise
        SymbolNotTracked when the venue has such a symbol and it is not tracked, SymbolNotFound when the venue has none."""
        symbol = self.spelling(asked)
        if symbol in self.names:
            return symbol
        if self.listed(asked):
            raise self.untracked_error(asked)
        raise SymbolNotFound(f"{self.provenance.venue} has no USDT perpetual {asked}")

    def untracked_error(self, asked: str) -> SymbolNotTracked:
        """Return the error that says: the venue has the symbol, but it is not tracked."""
        venue = self.provenance.venue
        return SymbolNotTracked(f"{asked} is a market of {venue}, but not a tracked one: ListSymbols names those")

    def spelling(self, asked: str) -> str:
        """Return the tracked symbol that `asked` means, or `asked` itself when there is none."""
        return asked if asked in self.names else self.tracked.get(split_symbol(asked), asked)

    def listed(self, asked: str) -> str | None:
        """Return the symbol that `asked` means among those that the venue has and that are not tracked, or None."""
        return self.untracked.get(split_symbol(asked))

    def spellings(self, asked: Iterable[str]) -> frozenset[str]:
        """Return the names as they were asked for and as this venue has them: a history may have rows of either."""
        return frozenset(name for each in asked for name in (each, self.spelling(each), self.listed(each)) if name)

    def snapshot(self) -> bytes:
        """Return a DashboardSnapshot, encoded: the first message of a stream."""
        return dashboard(1, self.overview, self.rows, self.gainers, self.losers)

    def delta(self, older: SnapshotView) -> bytes:
        """Return the DashboardDelta, encoded, that makes this dashboard of the older one."""
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


def dashboard(
    first: int,
    overview: Sequence[bytes],
    rows: Sequence[EncodedRow],
    gainers: Sequence[EncodedMover],
    losers: Sequence[EncodedMover],
) -> bytes:
    """Return the four fields of a whole dashboard, encoded, with the numbers from `first` on."""
    return (
        encoding.field(first, overview)
        + encoding.field(first + 1, [row.chunk for row in rows])
        + encoding.field(first + 2, [mover.chunk for mover in gainers[:TOP_MOVERS]])
        + encoding.field(first + 3, [mover.chunk for mover in losers[:TOP_MOVERS]])
    )


def ordered(rows: Sequence[EncodedRow], name: str, descending: bool) -> Sequence[EncodedRow]:  # noqa: FBT001  # half of a dict's key
    """Return the rows by the number `name`; those without it last, equal ones by symbol."""
    by_symbol = sorted(rows, key=lambda row: row.symbol)
    if name == "symbol":
        return by_symbol[::-1] if descending else by_symbol
    index = ORDERABLE.index(name)
    missing = [row for row in by_symbol if row.numbers[index] is None]
    present = [(number, row) for row in by_symbol if (number := row.numbers[index]) is not None]
    present.sort(key=lambda pair: pair[0], reverse=descending)  # stable in both directions: equal rows stay by symbol
    return [row for _, row in present] + missing
