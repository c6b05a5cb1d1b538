"""The pictures of virtuoso/analysis/scores.md, drawn by the analysis itself: `.venv/bin/python -m tools.pictures`.

    market     the simulated market at one time, and its scores
    style      how a picture looks, and the folder of the pictures
    scores, candles, context     the pictures of results; of bars; of trades, order books and series

The time and the seed are fixed, so the same code draws the same pictures. Needs matplotlib.
"""
