"""Every measure that operators see, by its public name. Any part may count; `monitor` serves them."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REPLIES = Counter("virtuoso_replies_total", "Replies by way of the data and gRPC code", ["rpc", "path", "code"])
SNAPSHOT_AGE = Gauge("virtuoso_snapshot_age_seconds", "Age of the newest prices held, on the exchange's clock")
INPUT_AGE = Gauge("virtuoso_input_age_seconds", "Age of the oldest input of a kind that scores are made from", ["kind"])
CACHE_READS = Counter(
    "virtuoso_cache_reads_total", "Reads of a repository; result: hit, miss, error, corrupt", ["repository", "result"]
)
CACHE_WRITES = Counter("virtuoso_cache_writes_total", "Writes to a repository; result: ok, error", ["repository", "result"])
FALLBACKS = Counter("virtuoso_fallback_total", "Changes from one source to another", ["from", "to", "reason"])
VENUE_UP = Gauge("virtuoso_venue_up", "1 while the venue's prices can be used, else 0", ["venue"])
EXCHANGE_REQUESTS = Counter(
    "virtuoso_exchange_requests_total",
    "Calls of a venue; result: ok or the kind of failure",
    ["venue", "endpoint", "result"],
)
INVALID_ROWS = Counter("virtuoso_invalid_rows_total", "Rows refused, by reason", ["reason"])
CONTAMINATED_ROWS = Counter("virtuoso_contaminated_rows_total", "Placeholders found in data; must stay 0")
STREAMS = Gauge("virtuoso_streams", "Open streams")
SNAPSHOTS = Counter("virtuoso_snapshots_total", "Snapshots published; complete: yes or no", ["venue", "complete"])
CYCLE_SECONDS = Histogram(
    "virtuoso_cycle_seconds",
    "Time for one stage of making a snapshot",
    ["stage"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
LEASE_HELD = Gauge("virtuoso_lease_held", "1 while this collector holds the lease")
CHILD_RESTARTS = Counter("virtuoso_child_restarts_total", "Processes that ended and were started again", ["role"])

# gRFC A66
CALLS_STARTED = Counter("grpc_server_call_started", "RPCs started", ["grpc_method"])
CALL_SECONDS = Histogram(
    "grpc_server_call_duration_seconds",
    "Time from the start of an RPC to its end",
    ["grpc_method", "grpc_status"],
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 2, 5, 30, 300),
)
CALL_SENT_BYTES = Histogram(
    "grpc_server_call_sent_total_compressed_message_size_bytes",
    "Bytes sent in an RPC",
    ["grpc_method", "grpc_status"],
    buckets=(1_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000),
)
CALL_RECEIVED_BYTES = Histogram(
    "grpc_server_call_rcvd_total_compressed_message_size_bytes",
    "Bytes received in an RPC",
    ["grpc_method", "grpc_status"],
    buckets=(64, 256, 1_024, 4_096, 16_384),
)
