"""The gRPC service. It reads what collectors publish. It never sends requests to an exchange.

    SnapshotCache    twelve times a second: head -> snapshot bytes -> `admission` checks every row once -> SnapshotView;
       |             once a second: update of the age -> ServedSnapshot
    SnapshotView     one snapshot, encoded field by field; immutable
       |
    MarketHandlers   one short handler per RPC that joins encoded bytes; a reply is provenance + body
       |
    HistoryHandlers  the RPCs about the past: closed signals, alerts, scores over time. CachedHistory opens the history at
       |             the first read and sets a timeout. AlertFeed reads new alerts for all streams
       |
    RpcHandlers      the wrapper of every handler: request id, admission, validation, the error table, metrics
       |
    MarketServer     port, health, reflection, graceful shutdown

Handlers return bytes (`response_serializer=None`). protobuf merges concatenated messages. So every body is encoded once per
snapshot without its provenance. The provenance is field 1 of every reply and is put before the body.

This package knows no storage engine. The composition root passes a `snapshot_reader.Source`, a `snapshot_reader.Keys` and a
function that opens a HistoryReader. While the history is unavailable, only the RPCs that need it fail. The health of alerts
depends on the history; the health of all other capabilities does not.
"""
