"""What is remembered beyond a snapshot: points of score, signals and their outcomes, opportunities, alerts.

    collector ──► Writer ──► Store ──► Transactions ──► Sqlite | Postgresql      (`writer`, `store`, `transactions`, …)
                                ▲
    server ─────────────────────┘

`open.open_history` builds a Store from one setting; nothing is connected to before the first call. Each layer has one thing
to do:

    Writer         takes records without waiting, writes them in batches, keeps them while the history is down; retention
    Store          the port `History`: its queries, once for both databases, on the tables of `tables`
    Transactions   bounds every call in time, makes every failure a HistoryError, brings the schema up to date
    Sqlite         one file for the processes of a node; a file that is damaged is set aside, never mended or overwritten
    Postgresql     one server for the nodes of a cluster

What a row looks like is `tables`' and `points`' business. A change of the schema is a new file in `migrations/versions` and
`schema.VERSION` raised by one; writers apply it at their first call, readers wait for it, and an older release refuses a
schema that is newer than it knows. Everything here is loaded by servers, too: no numpy, and Alembic by writers only.
"""
