"""The outlook: the odds that a symbol beats the median market, and the record that allows to say so. It is pure.

    Candles (4h) ─► panel.py   bars of all symbols on one grid
                 ─► features.py  the universe at each step, four ranked features, the width of moves
                 ─► walk.py      out-of-sample predictions of a ridge that is fitted again each day
                 ─► calibration.py  odds and interval from the matured predictions
                 ─► evidence.py  does the record show it? Two tests, three horizons
                 ─► forecast.py  what is said of each symbol, or why nothing is

The outlook describes a rank, and neither a price nor a profit. It is beside the score and never in it. `scores.md` has the
formulas, and `evaluate/evaluation.md` what the record of a year showed."""
