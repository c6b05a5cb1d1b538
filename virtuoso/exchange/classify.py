"""Convert failures of venues to our errors.

The status, headers and body of the reply decide. ccxt's error class counts only when the reply gives no reason, because ccxt
reports a geo-block as RateLimitExceeded and an outage as ExchangeError.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from email.utils import parsedate_to_datetime

import aiohttp

from virtuoso.domain.errors import (
    BadData,
    ExchangeError,
    RateLimited,
    UnknownSymbol,
    Unsupported,
    VenueBlocked,
    VenueTimedOut,
    VenueUnavailable,
)
from virtuoso.exchange.ccxt_packages import errors as ccxt
from virtuoso.exchange.replies import Reply, whole_number
from virtuoso.exchange.rows import number

DEFAULT_PAUSE_MS = 5_000  # for a rate limit without a duration; about one window of the venues
BAN_MS = 120_000  # Binance's shortest ban
COOL_DOWN_MS = 600_000  # after "access too frequent": no HTTP requests for ten minutes
LONGEST_MS = 3 * 86_400_000  # Binance's longest ban
RESET_MS = 60_000  # a reset header further in the future is an error

_STATUSES: dict[int, type[ExchangeError]] = {
    403: VenueBlocked,  # from a front end: blocked location, or Binance's web application firewall
    451: VenueBlocked,
    418: RateLimited,  # Binance's ban for more requests after 429
    429: RateLimited,
    408: VenueTimedOut,
    504: VenueTimedOut,
}
_CODES: dict[str, type[ExchangeError]] = {
    # Bybit v5
    "10000": VenueUnavailable,  # server timeout
    "10006": RateLimited,  # too many visits
    "10009": VenueBlocked,  # IP has been banned
    "10016": VenueUnavailable,  # server error, try again later
    "10018": RateLimited,  # exceeded the IP rate limit
    "10024": VenueBlocked,  # compliance rules
    "10429": RateLimited,  # system-level frequency protection
    # Binance
    "-1000": VenueUnavailable,  # unknown error while processing
    "-1001": VenueUnavailable,  # internal error
    "-1003": RateLimited,  # too many requests
    "-1007": VenueTimedOut,  # its own back end did not answer
    "-1008": VenueUnavailable,  # overloaded
    "-1015": RateLimited,  # too many orders
    "-1016": VenueUnavailable,  # shutting down
    "-1121": UnknownSymbol,
    "-1122": UnknownSymbol,
}
_NO_SYMBOL = re.compile(r"not supported symbols|symbol invalid|invalid symbol|symbol params err", re.IGNORECASE)
_BANNED_UNTIL = re.compile(r"banned until (\d{13})")


def classify(failure: Exception, reply: Reply | None, now_ms: int) -> ExchangeError:
    """Return our error for a failed call. `reply` is the reply that explains it, or None when there was no reply."""
    if isinstance(failure, ExchangeError):
        return failure
    if reply is not None:
        refused = reply_error(reply, now_ms)
        if refused is not None:
            return refused
        if not reply.readable:
            return BadData(f"HTTP {reply.status}, not JSON: {reply.excerpt}")
    return _by_class(failure, now_ms)


def kind_of(error: ExchangeError) -> str:
    """Return the name of a failure's kind in metrics, such as "rate_limited"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def reply_error(reply: Reply, now_ms: int) -> ExchangeError | None:
    """Return the error that a reply's status and body indicate. Return None when they indicate no error."""
    text = f"HTTP {reply.status}: {reply.excerpt}"
    if "access too frequent" in reply.body.lower():
        return RateLimited(text, until_ms=now_ms + COOL_DOWN_MS)
    code = _code(reply)
    kind = _STATUSES.get(reply.status) or _CODES.get(code)
    if kind is None and reply.status >= 500:
        kind = VenueUnavailable
    if kind is None and code not in ("", "0") and _NO_SYMBOL.search(reply.body):
        kind = UnknownSymbol
    if kind is RateLimited:
        return RateLimited(text, until_ms=now_ms + _pause(reply, now_ms))
    return kind(text) if kind is not None else None


def _by_class(failure: Exception, now_ms: int) -> ExchangeError:
    root: BaseException = failure
    while root.__cause__ is not None:
        root = root.__cause__
    why = f" ({str(root) or type(root).__name__})" if root is not failure else ""
    text = f"{type(failure).__name__} {str(failure)[:200]}".strip() + why[:200]
    if isinstance(failure.__cause__, aiohttp.ClientPayloadError):  # the body was cut off
        return BadData(f"reply incomplete: {text}")
    table: tuple[tuple[type[BaseException], type[ExchangeError]], ...] = (
        (ccxt.RequestTimeout, VenueTimedOut),
        (TimeoutError, VenueTimedOut),
        (ccxt.NotSupported, Unsupported),
        (ccxt.BadSymbol, UnknownSymbol),
        (ccxt.ExchangeNotAvailable, VenueUnavailable),
        (OSError, VenueUnavailable),
    )
    if isinstance(failure, ccxt.DDoSProtection | ccxt.RateLimitExceeded):
        return RateLimited(text, until_ms=now_ms + DEFAULT_PAUSE_MS)
    for failure_type, error_type in table:
        if isinstance(failure, failure_type):
            return error_type(f"no answer in time: {text}" if error_type is VenueTimedOut else text)
    return VenueUnavailable(text) if isinstance(failure, ccxt.ExchangeClosedByUser) else BadData(text)


def _code(reply: Reply) -> str:
    """Return the venue's error code. Return "" when there is none."""
    if not reply.readable:
        return ""
    match = re.match(r'\{[^{}\[\]]*?"(?:retCode|ret_code|code)"\s*:\s*("?)(-?\w+)\1', reply.body)
    return match.group(2) if match else ""


def _pause(reply: Reply, now_ms: int) -> int:
    """Return the longest pause that the venue requests, in milliseconds. A time of the venue's clock is compared with the
    venue's clock, not with ours."""
    venue_now = reply.own_ms or reply.date_ms or now_ms
    pauses = []
    after = reply.header("retry-after")
    if (seconds := number(after)) is not None:
        pauses.append(math.ceil(seconds * 1000))
    elif after:
        with suppress(ValueError):
            pauses.append(int(parsedate_to_datetime(after).timestamp() * 1000) - (reply.date_ms or now_ms))
    if (
        reset := whole_number(reply.header("x-bapi-limit-reset-timestamp"))
    ) is not None and 0 < reset - venue_now < RESET_MS:
        pauses.append(reset - venue_now)
    if banned := _BANNED_UNTIL.search(reply.body):
        pauses.append(int(banned.group(1)) - venue_now)
    pauses = [pause for pause in pauses if pause > 0]
    if not pauses:
        return BAN_MS if reply.status == 418 else DEFAULT_PAUSE_MS
    return min(max(pauses), LONGEST_MS)
