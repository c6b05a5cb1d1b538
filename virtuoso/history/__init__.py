"""What is stored beyond a snapshot: points of score, signals and their outcomes, opportunities, alerts.

    collector ──► BackgroundWriter ──► SqlHistoryWriter ─┐
                                                         ├─► Transactions ──► Sqlite | Postgresql
    server, collector, evaluate ─────► SqlHistoryReader ─┘

`factory` builds a reader or a writer from one setting. Nothing is connected to before the first call. Each layer has one
reason to change:

    BackgroundWriter   takes records without making the collector wait, writes them in batches, deletes old ones
    SqlHistoryWriter   the port HistoryWriter. It is a reader too, since a collector reads back what it wrote
    SqlHistoryReader   the port HistoryReader: its queries, once for both databases
    Transactions       limits the time of every call, makes every failure a HistoryError, upgrades the schema
    Sqlite             one file for the processes of a node; a damaged file is set aside, never repaired or overwritten
    Postgresql         one server for the nodes of a cluster

`tables` and `points` say what a row looks like. To change the schema, add a file to `migrations/versions` and raise
`schema.VERSION` by one. Writers migrate at their first call, readers wait for that, and an older release refuses a newer
schema. Servers load this package too, so it never loads numpy, and only writers load Alembic.
"""
