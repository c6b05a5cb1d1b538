"""The streams of the simulated venues: WebSocket connections on the port of the HTTP APIs, from the same market.

    market ─► bybit.topics, binance.topics ─► venue ─► server      topics: what a venue sends, as a function of time
                        ▲                       ▲                  venue: connections, subscriptions, faults and counts
                      topics               disturbance             disturbance: what a fault does to messages

The protocol of a venue, its limits and its error replies are in `bybit.streams` and `binance.streams`.
"""
