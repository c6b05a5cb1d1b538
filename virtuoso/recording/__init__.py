"""Recordings of real exchange traffic: `virtuoso record` writes one, `virtuoso replay` plays, checks or describes it.

    record    Recorder notes what the collector does, RecordedExchange notes every reply of an exchange ─► events
    file      events ─► a file of gzip members, one a second: append-only, bounded, locked, whole after any crash
    session   events ─► the same feeds, scores and signals again, through the same code, without a network
    play      publishes a recording to a repository, at the pace at which it was recorded
    check     scores a recording again and compares each snapshot with its recorded digest
    contents  describes what a recording holds

A recording gives the same scores again, byte for byte. A feed changes only when it takes in an exchange's answer, in one
step (see `virtuoso.market_data.feed`), and a pass of the collector reads all feeds at one moment. The recording holds these
steps in the order in which they took effect, each with the raw replies and the moments at which they arrived. Neither
chance nor a clock decides anything when it is played.

An event is a JSON object on a line of its own. `at` is the recorder's clock in epoch ms. The first key names the event:

    {"tape": 2, "at", "model", "weights", "made_by": {name: version}, "venues": [...], "rules": {...}, "opportunities": true}
                      A session begins. It knows nothing of what was before it. The number is the file's format.
    {"op": "candles", "at", "venue", "symbol", "timeframe", "bars", "replies": [[url, status, headers, body, received_ms]]}
                      An exchange's answer was taken in. `op` is one of instruments, tickers, premiums, candles, book,
                      trades, funding, open_interest, long_short.
    {"pass": 7, "at", "venue", "trading", "fallback": [venue, reason], "dominance": [percent, basis, observed_ms]}
                      A pass took its inputs.
    {"scored": 7, "at", "id", "computed_ms", "digest"}
                      The pass made a snapshot. The digest is of the snapshot's bytes with the environment REPLAY.
    {"published": id, "at", "venue"}
                      The snapshot was published.
"""
