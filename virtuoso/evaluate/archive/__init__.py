"""Evaluation of all six dimensions on files that venues publish of their past, for `virtuoso evaluate --source archive DIR`.

    folder ─► files ─► rows ─► bybit | binance (sources) ─► day (one symbol, one day) ─► store ─► evaluation

- files       which files there are, by venue, symbol, kind and day
- rows        the rows of a file, one after another; a file is never in memory as a whole
- sources     the market data of one file, read up to a given time: order book, trades, bars, series
- longer_bars bars that are made of trades or of shorter bars
- day         one day of one symbol, with the live collector's own pass at each step; what the next day needs of it
- store       the finished days on disk. A run that was interrupted goes on after the last one
- evaluation  all days of all symbols, and the report

A day needs only its own files and the end of the day before, and the statistics read a week at a time. So memory does not
depend on the length of the archive, and a run that was interrupted gives the same figures as one that was not.
"""
