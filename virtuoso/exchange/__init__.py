"""OUTSIDE -> MODEL: market data comes in here and nowhere else, and no other package imports ccxt.

A call goes through these files in this order:

    adapter    the port `Exchange` for any ccxt venue: which request answers which question
    client     the ccxt client with our address, our pace, and rows as they came
    budget     waits until the venue's allowance has room for the request
    replies    what came back: status, headers, the venue's clock
    classify   a failure becomes one of `virtuoso.domain.errors`, by what the reply says
    freshness  the venue's clock must move and be near ours
    tickers, candles, rows, instruments
               pure functions from rows to records; a bad row is refused and counted here, and costs only itself
    premiums   mark, index and funding of venues whose tickers lack them

Facts about single venues (limits, weights, field names, cadence) are in `venues` and nowhere else. `breaker` and
`failover` decide which venue to use from how their calls went; `coingecko` is the one source that is not a venue.
"""
