"""Real exchange traffic, kept and served again: `record` writes a tape, `play` and `check` redo what is on it.

    record   Recording: the collector's tap, and TapedExchange, which notes every reply ─► events
    tape     events ─► a file of gzip members, one a second: append-only, bounded, locked, whole after any end
    session  events ─► the same feeds, scores and signals again, through the same code, without any network
    play     on the tape's own clock to a repository (`play`), as fast as it goes against the digests on it (`check`), or
             only looked through (`info`)

What makes the scores come out the same, byte for byte: a feed changes only when an exchange's answer is taken in, in one
step (see `virtuoso.market_data.feed`), and a pass of the collector looks at all feeds at one moment. The tape holds these
steps in the order in which they took effect, each with the raw replies and the moments at which they had come, so nothing
is left to chance or to a clock. Events are JSON objects, a line each; `at` is the recorder's clock, epoch ms:

    {"tape": 2, "at", "model", "made_by": {name: version}, "venues": [...], "rules": {...}, "opportunities": true}
                      a session begins, with nothing known of what was before it
    {"op": "candles", "at", "venue", "symbol", "timeframe", "bars", "replies": [[url, status, headers, body, received_ms]]}
                      op: instruments, tickers, premiums, candles, book, trades, funding, open_interest, long_short
    {"pass": 7, "at", "venue", "trading", "fallback": [venue, reason], "dominance": [percent, basis, observed_ms]}
                      inputs are taken
    {"scored": 7, "at", "id", "computed_ms", "digest"}   the digest is of the snapshot's bytes, its environment REPLAY
    {"published": id, "at", "venue"}
"""
