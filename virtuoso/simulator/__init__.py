"""A simulated exchange: a market that never was, told in the venues' real wire formats, so that everything above runs
on it as it runs on real venues. Seeded; what it says is a function of seed and time.

    listings ─► paths ─► tape, positions ─► market          one world: who is listed, minute bars, trades and books
    noise: chance that is a function of its place            │
                                        bybit, binance, okx, coingecko     one wire module a venue, a pure function each
                                                             │  wires: what they share
                                        faults ─► server ◄───┘             one HTTP port for all venues, broken on demand

A new venue is a new wire module and its line in `server.WIRES`. Nothing outside this package knows it but the command
that starts it: to the rest of the product it is a set of addresses.
"""
