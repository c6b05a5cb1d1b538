"""From market data to scores, signals and alerts: pure functions of numpy arrays, with the time as an argument.

    model.SymbolInputs ─► bars ─► technical, volume, structure (candle components: series to series)
                       └► symbol_context ─► orderflow, orderbook, sentiment (context components: one time)
                                    └► aggregation ─► confluence.score_symbol ─► model.Confluence
    Confluence, tickers, bars ─► signals, signal_outcomes        tickers, BTC's candles ─► regime ─► overview.overview
    returns ─► beta ─► opportunity_rules ─► opportunities        tickers ─► movers.movers
    SymbolInputs of all ─► market_sentiment                      two passes ─► alert_conditions ─► alert_rules

A dimension is a table of component specifications (`components`). A component reads one number in its natural unit. An odd,
continuous, monotone map turns the reading into a direction: tanh((reading - centre) / scale). A reading above `centre` is
bullish. A negative `scale` reverses that. To add a component, add a function and a row to its dimension's table. The weights
of a table must add up to 1.

Four laws hold for every component and for the total. They are tested on generated markets:

- A missing input is named and never replaced.
- A reflected market (price p to 1/p, bids to asks, buys to sells) has the score 100 - s. Scaling all prices or all volumes
  changes nothing.
- Later bars change nothing that was computed before.
- Data quality changes confidence and never direction.

Therefore all components use log prices, base volumes and ratios.
"""
