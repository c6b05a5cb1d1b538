"""The streams of venues: WebSocket connections, and readers that turn their frames into updates of the model.

connections ─► frames ─► reader (pure) ─► updates ─► feed
     ▲                      │
     └── requests ◄─────────┘  subscriptions, REST order books
"""
