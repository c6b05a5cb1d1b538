"""The gRPC service. It reads what collectors publish and never asks an exchange for anything.

    SnapshotCache    once a second: newest head -> snapshot bytes -> `admission` checks every row once -> SnapshotView
       |             and once a second it updates the age: ServedSnapshot
    SnapshotView     one snapshot, encoded field by field; immutable
       |
    MarketHandlers   a handler per RPC: a few lines that join encoded bytes; provenance + body is a reply
       |
    HistoryHandlers  the RPCs about the past: closed signals, alerts, scores over time. CachedHistory opens the history at
       |             the first read and limits the time. AlertFeed reads new alerts for all streams
       |
    RpcHandlers      what surrounds every handler: request id, admission, validation, the error table, metrics
       |
    MarketServer     port, health, reflection, and an orderly shutdown

Replies are bytes from the start (`response_serializer=None`). protobuf merges concatenated messages, so every body is
encoded once per snapshot without its provenance, which is field 1 of every reply and is put before it.

No storage engine is known here: the composition root hands in what `snapshot_reader.Source` and `snapshot_reader.Keys` ask
for, and a function that opens a HistoryReader. While the history is down, only the RPCs that need it fail; health and the
snapshot do not depend on it.
"""
