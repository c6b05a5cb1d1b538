"""Does the score predict anything? The evidence behind `virtuoso evaluate`.

    exchange ─► bar_cache ─► replay (one symbol in each process) ─┐
                                └► regimes (the market)           ├► panel ─► feature_metrics ─► results ─► report, plots,
                                page
    history ─► score_history ─────────────────────────────────────┘

- bar_cache        past bars of an exchange, stored in a folder; only missing bars are requested
- dataset          the bars of many symbols, requested and replayed at the same time
- replay           every bar of one symbol through the code that scores live, and the check for look-ahead
- score_history    the scores that the product itself showed, on the same clock
- panel            what was known at each step, of all symbols, and the returns that followed
- feature_metrics  information coefficient, hit rates, deciles and rank turnover of one feature
- inference        confidence intervals for overlapping returns, and the correction for many tests
- regimes          the market's regime over the same bars
- results          the conclusions, as figures and as sentences
- report, plots, page   text, PNG, and one HTML file
- evaluate         the whole evaluation, in that order; command opens its source; workers use all cores

A score is known when its bar closes. Its return begins one bar later, at the next close, so that only what could have been
traded counts. Everything is pure except bar_cache, score_history, dataset, workers, evaluate and command.
"""
