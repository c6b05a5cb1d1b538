"""The result of a check of one source: an exchange or CoinGecko."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp

from virtuoso.domain.errors import ExchangeError


@dataclass(slots=True, kw_only=True)
class SourceCheck:
    """The result of a check of one source.

    `secure`: the source uses HTTPS. `error`: None if the source works. `clock_lags_s`: for each reply, the lag of the
    source's clock behind this machine's clock."""

    name: str
    secure: bool
    error: ExchangeError | None = None
    markets: int = 0
    prices: int = 0
    markets_ms: float = 0.0
    prices_ms: float = 0.0
    clock_lags_s: list[float] = field(default_factory=list)

    @property
    def clock_lag_s(self) -> float | None:
        """Return the lag nearest to zero, because the other replies were delayed. Return None if no reply has a time."""
        return nearest_to_zero(self.clock_lags_s) if self.clock_lags_s else None


def nearest_to_zero(lags_s: Sequence[float]) -> float:
    """Return the lag with the smallest absolute value."""
    return min(lags_s, key=lambda lag: abs(lag))  # noqa: PLW0108 - mypy cannot read `abs` as a key


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the chain of causes. Python exceptions replace the aiohttp exceptions that wrap them."""
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
