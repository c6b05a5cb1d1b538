"""How the symbols move with BTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.market.v1 import beta_pb2
from virtuoso.market.v1 import market_service_pb2 as api
from virtuoso.top import words
from virtuoso.top.context import Context
from virtuoso.top.lists.beta_text import alpha, beta_bar, beta_lines
from virtuoso.top.lists.listing import Column, Content, Entry, Listing, cell
from virtuoso.top.reading import Reading
from virtuoso.top.styles import FAINT

if TYPE_CHECKING:
    from virtuoso.client import Market
    from virtuoso.market.v1.beta_pb2 import Beta, BetaWindow

COLUMNS = (
    Column("Symbol", 15, left=True),
    Column("Beta", 6),
    Column(" 0     1     2", 15, left=True),
    Column("±", 6),
    Column("Corr.", 7),
    Column("R²", 6),
    Column("Alpha per year", 16),
    Column("t", 7),
)
SPANS = [*words.SPANS]


class Betas(Listing):
    """The betas in one window, highest first. Symbols with too few returns come last."""

    period_s = 60.0
    has_windows = True

    def __init__(self, market: Market) -> None:
        self._betas = Reading(lambda: market.stub.ListBetas(api.ListBetasRequest(page_size=500)))
        self._span: int = beta_pb2.BETA_SPAN_7D

    def turn(self, step: int) -> None:
        """See Listing."""
        self._span = SPANS[(SPANS.index(self._span) + step) % len(SPANS)]

    async def read(self) -> None:
        """See Listing."""
        await self._betas.read()

    def content(self, _: Context) -> Content:
        """See Listing."""
        reply = self._betas.reply
        rows = [(each, self._window(each)) for each in reply.betas] if reply else []
        rows.sort(key=lambda row: (row[1] is None, -row[1].beta if row[1] else 0.0, row[0].symbol))
        summary = Text.assemble((f"Window {words.SPANS[self._span]}. ", "bold"), (EXPLAINED, FAINT))
        return Content(
            columns=COLUMNS,
            entries=[_entry(beta, window) for beta, window in rows],
            summary=summary,
            empty="No symbol has enough returns yet." if reply else "",
            problem=self._betas.problem(),
        )

    def _window(self, beta: Beta) -> BetaWindow | None:
        return next((window for window in beta.windows if window.span == self._span), None)


EXPLAINED = "A beta of 1.5 means that the symbol moved 1.5 % when BTC moved 1 %. The bar starts at 1."


def _entry(beta: Beta, window: BetaWindow | None) -> Entry:
    if window is None:
        cells = [cell(words.DASH), cell("too few returns", FAINT), *(cell(words.DASH) for _ in range(5))]
    else:
        cells = [
            cell(f"{window.beta:.2f}"),
            cell(f" {beta_bar(window.beta)}"),
            cell(f"{window.beta_error:.2f}"),
            cell(f"{window.correlation:.2f}"),
            cell(f"{window.r_squared:.2f}"),
            cell(alpha(window)),
            cell(words.number(words.optional(window, "alpha_t"), 1)),
        ]
    return Entry(key=beta.symbol, symbol=beta.symbol, cells=[cell(beta.symbol), *cells], detail=beta_lines(beta))
