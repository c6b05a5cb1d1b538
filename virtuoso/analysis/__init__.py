"""From what exchanges say to scores: pure functions of numpy arrays, with `now_ms` as an argument.

    model.SymbolInputs ─► bars ─► technical, volume, price_structure   (readings of candles: series to series)
                       └► moment ─► orderflow, orderbook, sentiment    (readings of this moment)
                                      └► composition ─► confluence.score_symbol ─► model.Confluence
    tickers, BTC's candles ─► regime ─► overview.overview ─► model.Overview          tickers ─► movers.movers

A dimension is a table of gauges. A gauge reads one number in its natural unit, signed so that a reading above its
`centre` is bullish (a negative `scale` turns the sign over), and the reading becomes a direction by one odd, continuous,
monotone map: tanh((reading - centre) / scale). To add a component, add a function and a row to its dimension's table; the
weights of a table add up to 1.

What must hold (and is tested over generated markets, for every component and for the total): what is missing is named
and never replaced; a reflected market (price p to 1/p, bids to asks, buys to sells) has the score 100 - s; scaling all
prices or all volumes changes nothing; later bars change nothing that was computed before; quality is confidence and never
direction. Everything therefore works on log prices, base volumes and ratios.
"""
