"""Does the score predict anything? The evidence behind `virtuoso evaluate`.

    exchange ─► archive ─► replay (one symbol a process) ─┐
                              └► regimes (the market)      ├► panel ─► judging ─► report, plots ─► page
    history ─► points ────────────────────────────────────┘

- archive   bars of the past from an exchange, kept in a folder: only what is missing is asked for
- replay    every bar of one symbol's past through the code that scores live; and the proof that it did not look ahead
- points    the product's own score history, on the same clock
- panel     what was known when, of all symbols: `Panel`, and what became of the prices after it
- judging   information coefficients, hits, deciles, turnover of ranks, of everything in a panel
- inference intervals that know that returns overlap, and what many tests at once are worth
- regimes   the path of the market's regime over the same bars
- report, plots, page
            text, PNG, one HTML file
- evaluate  the command, which calls all of them in that order; gathering and processes: many symbols at once, on all cores

A score is known when its bar closes. A return begins one bar later, at the next close: what could not have been traded is
not counted. All is pure but `archive`, `points`, `gathering`, `processes` and `evaluate`.
"""
