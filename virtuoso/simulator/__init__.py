"""A simulated exchange: a synthetic market in the real wire formats of the venues. The product runs on it unchanged.

All data is a function of seed and time.

    listings ─► factors ─► paths ─► bars ◄─ minute_trades      listings, price factors, minute bars, trades, liquidations
                             │        └──────┬─► order_book
                             └─► positions ─►│                 funding, open interest, long and short accounts
                                          market               one market for all venues
                                             │
                     bybit, binance, okx, coingecko            the HTTP API of each venue: pure functions (see venue_api)
                                             │
                              faults ─► server ◄─ statistics   one HTTP port for all venues, with faults on demand
                                          ▲
                                       streams                 WebSocket streams of bybit and binance on the same port

    noise       random numbers that are a function of a seed and a key

To add a venue, add a module and a line in `server.VENUES`. The rest of the product depends only on the simulator's
addresses.
"""
