"""What came of asking one source: an exchange or CoinGecko."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp

from virtuoso.domain.errors import ExchangeError


@dataclass(slots=True, kw_only=True)
class SourceCheck:
    """The result of asking one source."""

    name: str
    secure: bool  # it is asked by HTTPS
    error: ExchangeError | None = None  # None when it works
    markets: int = 0
    prices: int = 0
    markets_ms: float = 0.0
    prices_ms: float = 0.0
    clock_lags_s: list[float] = field(default_factory=list)  # by reply: how far the source's clock was behind ours

    @property
    def clock_lag_s(self) -> float | None:
        """Return the lag nearest to zero: the other replies were delayed. None when no reply had a time."""
        return nearest_to_zero(self.clock_lags_s) if self.clock_lags_s else None


def nearest_to_zero(lags_s: Sequence[float]) -> float:
    """Return the smallest lag in either direction."""
    return min(lags_s, key=lambda lag: abs(lag))  # noqa: PLW0108 - mypy cannot read `abs` as a key


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the chain of causes, with Python's own exceptions in the place of those that aiohttp makes of them."""
    while error is not None:
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            yield error
        elif isinstance(error, aiohttp.ClientConnectorCertificateError):
            yield error.certificate_error
        elif isinstance(error, aiohttp.ClientConnectorError):
            yield error.os_error
        else:
            yield error
        error = error.__cause__
