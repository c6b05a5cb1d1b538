"""The pictures of virtuoso/analysis/scores.md, drawn by the analysis itself: `.venv/bin/python -m tools.pictures`.

    market     one moment of the simulated market, and its scores
    paper      how a picture looks and where it goes
    scores, candles, moments     the pictures: of results, of bars, of trades, books and series

The moment and the seed are fixed: the same code draws the same pictures. Needs matplotlib.
"""
