"""Storage of records beyond the current snapshot: score points, signals with outcomes, opportunities, alerts.

    collector ──► BackgroundWriter ──► SqlHistoryWriter ─┐
                                                         ├─► Transactions ──► Sqlite | Postgresql
    server, collector, evaluate ─────► SqlHistoryReader ─┘

`factory` builds a reader or a writer from one setting. The first call opens the connection. Each layer has one
responsibility:

    BackgroundWriter   queues records without delay for the collector, writes them in batches, deletes old ones
    SqlHistoryWriter   implements the port HistoryWriter; it is also a reader, because a collector reads what it wrote
    SqlHistoryReader   implements the port HistoryReader; both databases share its queries
    Transactions       limits the time of every call, converts every failure to a HistoryError, upgrades the schema
    Sqlite             one file for the processes of a node; a damaged file is renamed, never repaired or overwritten
    Postgresql         one server for the nodes of a cluster

`tables` and `points` define the rows. To change the schema, add a file to `migrations/versions` and increase
`schema.VERSION` by one. Writers migrate at their first call. Calls of readers fail until then. An older release refuses a
newer schema. Servers also load this package, so it never loads numpy. Only writers load Alembic.
"""
