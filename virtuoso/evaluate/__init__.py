"""Evaluation of the predictive power of the score, for `virtuoso evaluate`.

    exchange ─► bar_cache ─► replay (one symbol in each process) ─┐
                                └► regimes (the market)           ├► panel ─► feature_metrics ─► results ─► report, plots,
                                page
    history ─► score_history, signal_history ─────────────────────┤
    folder ─► archive ────────────────────────────────────────────┘

- bar_cache        past bars of an exchange, stored in a folder; only missing bars are requested
- dataset          the bars of many symbols, requested and replayed concurrently
- replay           one pass of the live collector at every bar of one symbol's history, and the check for look-ahead
- score_history    the stored scores of the product, on the same clock
- signal_history   the stored signals: their results, and their moves against random entries
- archive          all six dimensions from files that venues publish of their past
- panel            the data of all symbols at each step, and the returns after it
- feature_metrics  information coefficient, hit rates, deciles and rank turnover of one feature
- confidence       what followed confidence: was a higher one followed by smaller changes of the score?
- inference        confidence intervals for overlapping returns, and the correction for many tests
- regimes          the market's regime over the same bars, by the same passes
- results          the conclusions, as figures and as sentences
- report, plots, page   text, PNG, and one HTML file
- evaluate         the whole evaluation, in this order
- command, workers   the command that opens the source; processes on all cores

A score is known when its bar closes. Its return begins one bar later, at the next close, so that there is time to trade. All
modules are pure except bar_cache, score_history, signal_history, archive, dataset, workers, evaluate and command.
"""
