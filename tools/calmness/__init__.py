"""How calm the scores are: passes of the collector over a market in virtual time, and figures of what they showed.

    python -m tools.calmness                                       the simulated market
    python -m tools.calmness --recorded DIR --start 2025-10-22     recorded days; DIR has replay_exchange.py

market     a venue whose requests are answered in this process, and the passes over it
figures    changes, rank correlations, persistence, and what confidence was followed by
"""
