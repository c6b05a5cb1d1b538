"""The only package that receives market data from outside. No other package imports ccxt.

A call goes through these files in this order:

    adapter    implements the port `Exchange` for any ccxt venue
    client     the ccxt client with our base URL, our rate limiter and unparsed rows
    budget     waits until the venue's rate limit has room for the request
    replies    stores the reply: status, headers, the venue's time
    classify   converts a failure to one of `virtuoso.domain.errors`, from the content of the reply
    freshness  checks that the venue's clock moves and is close to ours
    tickers, candles, rows, instruments
               pure functions that parse rows to records; a bad row is refused and counted, and other rows are kept
    market_list, list_completeness
               parse the list of markets so that a bad row is refused alone; refuse a list that is only a part
    premiums, funding_intervals
               mark, index and funding of venues whose tickers lack them; the time between two funding payments

All facts about single venues (limits, weights, field names, cadence) are in `venues`. `breaker` and `failover` choose the
venue from the results of its calls. `remedies` tells operators what to do about a failure. `coingecko` is the only source
that is not a venue.
"""
