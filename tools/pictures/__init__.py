"""Draw the pictures of virtuoso/analysis/scores.md with the analysis itself: `.venv/bin/python -m tools.pictures`.

    market     the simulated market at a fixed time, and its scores
    style      the style of the pictures, and their folder
    scores     pictures of results
    candles    pictures of readings from bars
    context    pictures of readings from trades, order books and series
    example    the numbers of the worked example

The time and the seed are fixed, so the same code draws the same pictures. matplotlib must be installed.
"""
