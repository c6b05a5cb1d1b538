"""The reply determines the kind of an error. The class of ccxt's exception does not."""

from __future__ import annotations

import aiohttp
import pytest

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
from virtuoso.exchange.classify import classify, kind_of
from virtuoso.exchange.replies import Reply

NOW = 1_760_000_000_000
GEO_BLOCK = (
    "<HTML><TITLE>ERROR</TITLE><H1>403 ERROR</H1>The Amazon CloudFront distribution is configured to block access</HTML>"
)


def reply(status: int, body: str, *, readable: bool = True, clock_ms: int | None = None, **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, readable, clock_ms)


@pytest.mark.parametrize(
    ("reply", "failure", "kind"),
    [
        (reply(403, GEO_BLOCK, readable=False), ccxt.RateLimitExceeded(), VenueBlocked),
        (reply(403, "<html>access too frequent</html>", readable=False), ccxt.RateLimitExceeded(), RateLimited),
        (reply(200, '{"retCode":403,"retMsg":"Access too frequent."}'), ccxt.ExchangeError(), RateLimited),
        (reply(451, '{"code":0,"msg":"restricted location"}'), ccxt.ExchangeNotAvailable(), VenueBlocked),
        (reply(418, '{"code":-1003,"msg":"banned"}'), ccxt.DDoSProtection(), RateLimited),
        (reply(429, "slow down", readable=False), ccxt.DDoSProtection(), RateLimited),
        (reply(200, '{"retCode":10006,"retMsg":"Too many visits."}'), ccxt.RateLimitExceeded(), RateLimited),
        (reply(200, '{"retCode":10018,"retMsg":"IP limit"}'), ccxt.RateLimitExceeded(), RateLimited),
        (reply(200, '{"retCode":10016,"retMsg":"try again later"}'), ccxt.ExchangeError(), VenueUnavailable),
        (reply(200, '{"retCode":10001,"retMsg":"Not supported symbols"}'), ccxt.BadRequest(), UnknownSymbol),
        (reply(400, '{"code":-1121,"msg":"Invalid symbol."}'), ccxt.BadSymbol(), UnknownSymbol),
        (reply(400, '{"code":-1000,"msg":"unknown"}'), ccxt.ExchangeNotAvailable(), VenueUnavailable),
        (reply(502, "<html>bad gateway</html>", readable=False), ccxt.ExchangeNotAvailable(), VenueUnavailable),
        (reply(504, "", readable=False), ccxt.RequestTimeout(), VenueTimedOut),
        (reply(200, "<html>maintenance</html>", readable=False), AttributeError("str has no get"), BadData),
        (reply(200, '{"retCode":0,"result":{"list":[{"lastPrice":"NaN"}]}}'), ValueError("NaN"), BadData),
        (None, ccxt.RequestTimeout(), VenueTimedOut),
        (None, TimeoutError(), VenueTimedOut),
        (None, ccxt.ExchangeNotAvailable(), VenueUnavailable),
        (None, ConnectionResetError(), VenueUnavailable),
        (None, ccxt.ExchangeClosedByUser(), VenueUnavailable),
        (None, ccxt.NotSupported(), Unsupported),
        (None, ccxt.BadSymbol(), UnknownSymbol),
        (None, ccxt.RateLimitExceeded(), RateLimited),
        (None, KeyError("list"), BadData),
    ],
)
def test_each_failure_becomes_the_matching_error(reply: Reply | None, failure: Exception, kind: type[ExchangeError]) -> None:
    assert type(classify(failure, reply, NOW)) is kind


def test_an_incomplete_reply_is_bad_data() -> None:
    failure = ccxt.ExchangeError("bybit GET")
    failure.__cause__ = aiohttp.ClientPayloadError("not completed")
    assert type(classify(failure, None, NOW)) is BadData


def test_the_message_has_the_text_of_the_reply_without_markup() -> None:
    message = str(classify(ccxt.RateLimitExceeded(), reply(403, GEO_BLOCK, readable=False), NOW))
    assert "CloudFront distribution is configured to block access" in message
    assert "<" not in message


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (reply(429, "", Retry_After="7"), 7),
        (reply(429, "", Retry_After="1.5"), 1.5),
        (reply(429, "", Retry_After="0.0001"), 0.001),
        (reply(429, "", Retry_After="1e300"), 5),
        (reply(429, "", Retry_After="-1.5"), 5),
        (reply(429, "", Retry_After="1_0"), 5),
        (reply(429, "", Retry_After="nan"), 5),
        (reply(418, "", Retry_After="99999999.5"), 3 * 86_400),
        (reply(418, "", Retry_After="9" * 5000), 120),
        (reply(429, ""), 5),
        (reply(429, "", Retry_After="Thu, 09 Oct 2025 08:54:00 GMT", Date="Thu, 09 Oct 2025 08:53:20 GMT"), 40),
        (reply(418, ""), 120),
        (reply(418, "", retry_after="60"), 60),
        (reply(418, f'{{"msg":"IP banned until {NOW + 90_000}."}}', Date="Thu, 09 Oct 2025 08:53:20 GMT"), 90),
        (reply(418, "", Retry_After="999999999"), 3 * 86_400),
        (reply(403, "access too frequent"), 600),
        # Bybit's reset time is on Bybit's clock, here 30 s ahead of ours.
        (reply(200, '{"retCode":10006}', clock_ms=NOW + 30_000, X_Bapi_Limit_Reset_Timestamp=str(NOW + 31_500)), 1.5),
        (reply(200, '{"retCode":10006}', clock_ms=NOW, X_Bapi_Limit_Reset_Timestamp=str(NOW + 10**9)), 5),
        (reply(200, '{"retCode":10006}', clock_ms=NOW, X_Bapi_Limit_Reset_Timestamp="soon"), 5),
        (reply(200, '{"retCode":10006}', clock_ms=NOW, X_Bapi_Limit_Reset_Timestamp=str(NOW - 10)), 5),
    ],
)
def test_a_pause_is_as_long_as_the_venue_requests(reply: Reply, seconds: float) -> None:
    error = classify(ccxt.RateLimitExceeded(), reply, NOW)
    assert isinstance(error, RateLimited)
    assert (error.until_ms - NOW) / 1000 == seconds


def test_each_error_has_a_name_in_metrics() -> None:
    assert [kind_of(VenueTimedOut("")), kind_of(BadData(""))] == ["venue_timed_out", "bad_data"]
