"""The in-memory form of one snapshot. Each field is encoded once, when the snapshot arrives. Replies are joined from the
encoded fields. A view is immutable. `view_builder` creates it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from virtuoso.domain.errors import SymbolNotFound, SymbolNotTracked
from virtuoso.domain.model import DimensionKind
from virtuoso.domain.snapshot import is_complete
from virtuoso.domain.symbols import split_symbol
from virtuoso.service import encoding
from virtuoso.service.outlooks import Outlooks
from virtuoso.wire import times

if TYPE_CHECKING:
    from virtuoso.market.v1 import provenance_pb2

# The number of gainers and of losers in a dashboard.
TOP_MOVERS = 5
ORDERABLE = (
    "score",
    "confidence",
    "price",
    "change_24h_percent",
    "turnover_24h_usd",
    *(kind.lower_name for kind in DimensionKind),
)
PRICE = ORDERABLE.index("price")


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """An encoded ConfluenceRow. `shown`: the same with the numbers of a dashboard. `numbers` are in the order of ORDERABLE;
    None means not measured."""

    symbol: str
    chunk: bytes
    shown: bytes
    numbers: tuple[float | None, ...]

    @property
    def score(self) -> float | None:
        """The confluence score, 0-100, or None."""
        return self.numbers[0]


@dataclass(frozen=True, slots=True)
class EncodedMover:
    """An encoded Mover. `turnover` is in USD."""

    chunk: bytes
    turnover: float


@dataclass(frozen=True, slots=True)
class EncodedSignal:
    """An encoded Signal, active or closed, with the values for filters and order. `side` is the enum of the .proto."""

    opened_ms: int
    id: str
    symbol: str
    side: int
    active: bool
    chunk: bytes


@dataclass(frozen=True, slots=True)
class EncodedOpportunity:
    """An encoded Opportunity, with the values for filters. `kind` is the enum of the .proto."""

    symbol: str
    kind: int
    expires_ms: int
    chunk: bytes


@dataclass(frozen=True, slots=True)
class SnapshotDetails:
    """The replies of GetConfluence and GetBeta without provenance, by symbol."""

    confluences: Mapping[str, bytes] = field(default_factory=dict)
    betas: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """The source of lists, dashboards and deltas.

    `rows`: highest score first, rows without a score last, equal rows by symbol.
    `shown_...`: as a dashboard has them.
    `overview`, `sentiment`, `record` (of closed signals): one message, or none when it could not be measured.
    `symbols`, `betas` (with their symbols): in order of rank.
    `signals`, `opportunities`: newest first. All signals are active.
    `tracked`, `untracked`: symbols by asset and multiplier. `names`: all tracked symbols.
    `unmeasurable`: why the venue cannot measure a symbol, by tracked symbol.
    `input_ms`: the time of the oldest input of each dimension, by dimension name, on the market's clock."""

    provenance: provenance_pb2.Provenance  # without path, stale and age
    overview: Sequence[bytes]
    shown_overview: Sequence[bytes]
    rows: Sequence[EncodedRow]
    gainers: Sequence[EncodedMover]
    losers: Sequence[EncodedMover]
    shown_gainers: Sequence[bytes]
    shown_losers: Sequence[bytes]
    symbols: Sequence[bytes]
    tracked: Mapping[tuple[str, int], str]
    names: frozenset[str]
    untracked: Mapping[tuple[str, int], str]
    unmeasurable: Mapping[str, str]
    sentiment: Sequence[bytes]
    betas: Sequence[tuple[str, bytes]]
    signals: Sequence[EncodedSignal]
    opportunities: Sequence[EncodedOpportunity]
    record: Sequence[bytes]
    input_ms: Mapping[str, int]
    outlooks: Outlooks
    body: bytes  # GetDashboardResponse without provenance
    behind_ms: int = 0  # delay of the market's clock behind ours; 0 unless a recording is replayed
    _orders: dict[tuple[str, bool], Sequence[EncodedRow]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the snapshot."""
        return self.provenance.snapshot_id

    @property
    def observed_ms(self) -> int:
        """The exchange time of the newest prices. The time of a recording is shifted to the time of its replay."""
        return times.millis(self.provenance.observed_time) + self.behind_ms

    @property
    def computed_ms(self) -> int:
        """The time of computation on our clock. The time of a recording is shifted to the time of its replay."""
        return times.millis(self.provenance.computed_time) + self.behind_ms

    @property
    def complete(self) -> bool:
        """Whether there are enough scores for a server to be ready; see `is_complete`."""
        coverage = self.provenance.coverage
        return is_complete(scored=coverage.present, measurable=coverage.expected - coverage.unmeasurable)

    def capabilities(self) -> frozenset[str]:
        """Return the names of the capabilities of this snapshot. Signals and opportunities may be empty lists."""
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
        """Return all rows in the order "<field>[ asc|desc]"; the empty string means "score desc".

        The field must be "symbol" or one of ORDERABLE. Rows without the number come last in both directions. Equal rows are
        ordered by symbol."""
        name, _, direction = (order_by or "score desc").partition(" ")
        key = name, direction.strip() == "desc"
        rows = self._orders.get(key)
        if rows is None:
            rows = self._orders[key] = ordered(self.rows, *key)
        return rows

    def symbol(self, requested: str) -> str:
        """Return the tracked symbol with the name `requested`, or with the same asset and multiplier.

        Raise SymbolNotTracked when the venue has such a symbol but it is not tracked.
        Raise SymbolNotFound when the venue has none."""
        symbol = self.resolve(requested)
        if symbol in self.names:
            return symbol
        if self.untracked_symbol(requested):
            raise self.untracked_error(requested)
        raise SymbolNotFound(f"{self.provenance.venue} has no USDT perpetual {requested}")

    def price(self, symbol: str) -> float | None:
        """Return the last price of a tracked symbol in USDT. Return None when it was not measured."""
        return next((row.numbers[PRICE] for row in self.rows if row.symbol == symbol), None)

    def untracked_error(self, requested: str) -> SymbolNotTracked:
        """Return the error for a symbol that the venue has but that is not tracked."""
        venue = self.provenance.venue
        return SymbolNotTracked(
            f"{requested} is a market of {venue}, but it is not tracked: see ListSymbols and ListMarkets"
        )

    def resolve(self, requested: str) -> str:
        """Return the tracked symbol for `requested` (see `symbol`), or `requested` itself when there is none."""
        return requested if requested in self.names else self.tracked.get(split_symbol(requested), requested)

    def untracked_symbol(self, requested: str) -> str | None:
        """Return the untracked symbol of the venue with the asset and multiplier of `requested`, or None."""
        return self.untracked.get(split_symbol(requested))

    def aliases(self, requested: Iterable[str]) -> frozenset[str]:
        """Return the requested names and this venue's names for them. The history may have rows of both."""
        return frozenset(
            name for each in requested for name in (each, self.resolve(each), self.untracked_symbol(each)) if name
        )


def dashboard(
    first: int,
    overview: Sequence[bytes],
    rows: Iterable[EncodedRow],
    gainers: Sequence[bytes],
    losers: Sequence[bytes],
) -> bytes:
    """Return the four encoded fields of a whole dashboard. Their field numbers start at `first`."""
    return (
        encoding.field(first, overview)
        + encoding.field(first + 1, [row.shown for row in rows])
        + encoding.field(first + 2, gainers)
        + encoding.field(first + 3, losers)
    )


def ordered(rows: Sequence[EncodedRow], name: str, descending: bool) -> Sequence[EncodedRow]:  # noqa: FBT001  # a key part
    """Return the rows in the order of the number `name`. Rows without it come last. Equal rows are ordered by symbol."""
    by_symbol = sorted(rows, key=lambda row: row.symbol)
    if name == "symbol":
        return by_symbol[::-1] if descending else by_symbol
    index = ORDERABLE.index(name)
    missing = [row for row in by_symbol if row.numbers[index] is None]
    present = [(number, row) for row in by_symbol if (number := row.numbers[index]) is not None]
    # The sort is stable in both directions, so equal rows stay in order of symbol.
    present.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in present] + missing
