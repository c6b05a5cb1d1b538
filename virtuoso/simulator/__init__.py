"""A simulated exchange: an invented market in the real wire formats of the venues, so that the product runs on it unchanged.

It is seeded. What it shows is a function of seed and time.

    listings ─► factors ─► paths ─► bars ◄─ minute_trades      who is listed, price factors, minute bars, trades
                             │        └──────┬─► order_book
                             └─► positions ─►│                 funding, open interest, long and short accounts
                                          market               one market for all venues
                                             │
                     bybit, binance, okx, coingecko            a venue's HTTP API each: pure functions (see venue_api)
                                             │
                              faults ─► server ◄─ statistics   one HTTP port for all venues, with faults on demand

    noise       random numbers that are a function of their place

A new venue is a new module and its line in `server.VENUES`. The rest of the product knows the simulator only as a set of
addresses.
"""
