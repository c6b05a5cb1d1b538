"""A process imports the venues of ccxt that it uses, and no others."""

from __future__ import annotations

import subprocess
import sys

from virtuoso.exchange import ccxt_packages
from virtuoso.exchange.ccxt_packages import ASYNC, STREAMS

SCRIPT = """
import sys
from virtuoso.exchange import adapter, ccxt_packages
ccxt_packages.venue_class(ccxt_packages.ASYNC, "binanceusdm")
import ccxt.async_support
whole = ccxt.async_support.okx.__mro__[1].__name__, ccxt.async_support.Exchange.__name__, ccxt.NetworkError.__name__
print(whole, sorted({"bybit", "kraken", "binance", "okx"} & {name.split(".")[-1] for name in sys.modules}))
"""


def test_only_venues_that_are_used_are_loaded_and_the_packages_look_whole() -> None:
    found = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "('Exchange', 'Exchange', 'NetworkError') ['binance', 'okx']"


def test_venues_are_found_by_their_id() -> None:
    for package in (ASYNC, STREAMS):
        found = ccxt_packages.venue_class(package, "gate")
        assert (found.__name__, found.__module__) == ("gate", f"{package}.gate")
        assert ccxt_packages.venue_class(package, "base") is None
        assert ccxt_packages.venue_class(package, "nonesuch") is None
    assert {"bybit", "binanceusdm", "okx"} <= ccxt_packages.venue_ids(ASYNC)
