"""Recordings of real exchange traffic. `virtuoso record` writes one. `virtuoso replay` plays, checks or describes it.

    record    Recorder records the steps of the collector, RecordedExchange records every reply of an exchange ─► events
    file      events ─► a file of xz members, one for some seconds: append-only, limited in size, locked, crash-safe
    session   events ─► the same feeds, scores and signals, computed again by the same code without a network
    play      publishes a recording to a repository at its original speed
    check     computes the scores of a recording again and compares each snapshot with its recorded digest
    contents  describes the contents of a recording

A replay gives the same scores as the original run, byte for byte. A feed changes only when it processes a reply, in one
step (see `virtuoso.market_data.feed`). A pass reads the whole feed of a venue in one step. The recording has these steps in
the order in which they took effect, with the raw replies and their times of receipt. A replay does not depend on random
numbers or on the current time.

An event is a JSON object on a separate line. `at` is the recorder's clock in epoch ms. The first key names the event:

    {"tape": 2, "at", "model", "weights", "made_by": {name: version}, "venues": [...], "rules": {...}, "opportunities": true,
     "costs": {...}}
                      A session begins. It is independent of earlier sessions. The number is the file's format.
    {"op": "candles", "at", "venue", "symbol", "timeframe", "bars", "replies": [[url, status, headers, body, received_ms]]}
                      A feed processed the replies to a request. `op` is one of instruments, tickers, premiums, candles,
                      book, trades, funding, open_interest, long_short.
    {"pass": 7, "at", "venue", "trading", "fallback": [venue, reason], "dominance": [percent, basis, observed_ms]}
                      A pass read its inputs.
    {"scored": 7, "at", "id", "computed_ms", "digest"}
                      The pass created a snapshot. The digest is of the snapshot's bytes with environment REPLAY.
    {"published": id, "at", "venue"}
                      The snapshot was published.
"""
