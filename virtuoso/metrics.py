"""All metrics for operators, with their public names. Any module may update them. `app.monitor` serves them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

REPLIES = Counter(
    "virtuoso_replies_total", "Replies; path: as in the provenance; code: gRPC status", ["rpc", "path", "code"]
)
EMPTY_REPLIES = Counter(
    "virtuoso_empty_replies_total",
    "Replies without data to requests without a filter",
    ["rpc"],
)
SERVING = Gauge("virtuoso_serving", "1 while the health of this service is SERVING, else 0", ["service"])
SNAPSHOT_AGE = Gauge("virtuoso_snapshot_age_seconds", "Age of the newest prices, on the exchange's clock; NaN if none")
SNAPSHOT_AGE.set(float("nan"))  # an age of 0 would mean that there are new prices
CLOCK_OFFSET = Gauge(
    "virtuoso_clock_offset_seconds",
    "Our clock minus the time at which the newest snapshot was computed; below 0 if our clock is behind; NaN if none",
)
CLOCK_OFFSET.set(float("nan"))
INPUT_AGE = Gauge(
    "virtuoso_input_age_seconds",
    "Age of the oldest input; kind: the kind of input in a collector, the dimension of the score in a server",
    ["kind"],
)
CACHE_READS = Counter(
    "virtuoso_cache_reads_total", "Reads of a repository; result: hit, miss, error, corrupt", ["repository", "result"]
)
CACHE_WRITES = Counter("virtuoso_cache_writes_total", "Writes to a repository; result: ok, error", ["repository", "result"])
FALLBACKS = Counter(
    "virtuoso_fallback_total",
    "Changes of the path of replies or of the repository",
    ["from", "to", "reason"],
)
VENUE_UP = Gauge("virtuoso_venue_up", "1 while the venue's prices can be used, else 0", ["venue"])
EXCHANGE_REQUESTS = Counter(
    "virtuoso_exchange_requests_total",
    "Requests to a venue; result: ok or the kind of failure",
    ["venue", "endpoint", "result"],
)
STREAM_BOOK_DIFFERENCES = Counter(
    "virtuoso_stream_book_differences_total",
    "Streamed order books that twice differed from a requested one, and were subscribed anew; reason: late, levels",
    ["venue", "reason"],
)
INVALID_ROWS = Counter(
    "virtuoso_invalid_rows_total",
    "Rows and entries of signals that were refused, and fields that were left out",
    ["reason"],
)
ROWS = Counter(
    "virtuoso_rows_total",
    "Rows that the collector or a server has checked; result: ok, refused",
    ["kind", "result"],
)
CONTAMINATED_ROWS = Counter("virtuoso_contaminated_rows_total", "Placeholder rows found in data; must stay 0")
STREAM_CONNECTIONS = Gauge("virtuoso_stream_connections", "Open connections to the streams of a venue", ["venue"])
STREAM_RECONNECTS = Counter(
    "virtuoso_stream_reconnects_total",
    "Connections to a venue that ended and are opened again, by reason",
    ["venue", "reason"],
)
STREAM_MESSAGES = Counter(
    "virtuoso_stream_messages_total", "Messages of a venue's streams that were read", ["venue", "kind"]
)
STREAM_REFUSED = Counter(
    "virtuoso_stream_refused_total", "Messages of a venue's streams that were refused", ["venue", "reason"]
)
STREAM_LOST = Counter(
    "virtuoso_stream_lost_total",
    "Topics of which a message was missing or wrong, or whose connection ended",
    ["venue", "kind", "reason"],
)
STREAM_TOPICS = Gauge("virtuoso_stream_topics", "Topics of a venue that stream now", ["venue", "kind"])
STREAM_LAG = Histogram(
    "virtuoso_stream_lag_seconds",
    "Time from the venue's time of a streamed message to its receipt",
    ["venue"],
    buckets=(0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1, 3, 10),
)
STREAM_THINNED = Counter(
    "virtuoso_stream_thinned_total",
    "Streams of order books that were ended because the collector could not keep up",
    ["venue"],
)
STREAMS = Gauge("virtuoso_streams", "Open streams")
STREAMS_LIMIT = Gauge("virtuoso_streams_limit", "Maximum number of open streams; 0 in a process without streams")
SNAPSHOTS = Counter("virtuoso_snapshots_total", "Published snapshots; complete: yes, no", ["venue", "complete"])
CYCLE_SECONDS = Histogram(
    "virtuoso_cycle_seconds",
    "Duration of one stage of a pass",
    ["stage"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
LEASE_HELD = Gauge("virtuoso_lease_held", "1 while this collector holds the lease, else 0")
HISTORY_UP = Gauge(
    "virtuoso_history_up",
    "1 while the history can be read or written, else 0; operation: read, write",
    ["history", "operation"],
)
HISTORY_CALLS = Counter(
    "virtuoso_history_calls_total", "Calls of the history; result: ok, error", ["history", "call", "result"]
)
HISTORY_WRITTEN = Counter("virtuoso_history_written_total", "Records written to the history", ["kind"])
HISTORY_WAITING = Gauge("virtuoso_history_waiting", "Records waiting to be written", ["kind"])
HISTORY_DROPPED = Counter(
    "virtuoso_history_dropped_total",
    "Records that are never written; reason: full (too many were waiting), refused (the history refused the record)",
    ["kind", "reason"],
)
HISTORY_SET_ASIDE = Counter("virtuoso_history_set_aside_total", "Damaged history files that were renamed and replaced")


class Distribution:
    """Counts of values by bucket, and their sum. `bounds` are the inclusive upper bounds of the buckets, ascending."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds, self._counts, self._sum = bounds, [0] * (len(bounds) + 1), 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def samples(self) -> tuple[list[tuple[str, float]], float]:
        """Return (cumulative counts by upper bound, sum), in the format of a histogram metric family."""
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self._counts)), strict=True)), self._sum


class EndedCalls:
    """The calls of one RPC that ended with the same gRPC code."""

    __slots__ = ("measures",)

    def __init__(self) -> None:
        self.measures = tuple(Distribution(bounds) for _, _, bounds in _CALL_MEASURES)

    def count(self, seconds: float, received: int, sent: int) -> None:
        """Count one call: its duration, and the bytes received and sent."""
        for distribution, value in zip(self.measures, (seconds, received, sent), strict=True):
            distribution.add(value)


_CALL_MEASURES = (
    (
        "grpc_server_call_duration_seconds",
        "Time from the start of an RPC to its end",
        (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 2, 5, 30, 300),
    ),
    (
        "grpc_server_call_rcvd_total_compressed_message_size_bytes",
        "Bytes received in an RPC",
        (64, 256, 1_024, 4_096, 16_384),
    ),
    (
        "grpc_server_call_sent_total_compressed_message_size_bytes",
        "Bytes sent in an RPC",
        (1_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000),
    ),
)


class Rpc:
    """The calls of one RPC: the number of started calls, and the ended calls by gRPC code."""

    __slots__ = ("ended", "started")

    def __init__(self) -> None:
        self.started = 0
        self.ended: dict[str, EndedCalls] = {}


class RpcMetrics(Collector):
    """The RPC metrics of gRFC A66.

    A server answers thousands of calls per second in one thread. The calls are therefore counted in plain numbers, which are
    converted to samples at each scrape."""

    def __init__(self) -> None:
        self._rpcs: dict[str, Rpc] = {}

    def rpc(self, method: str) -> Rpc:
        """Return the counts of a method, such as "package.Service/Method"."""
        return self._rpcs.setdefault(method, Rpc())

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        started = CounterMetricFamily("grpc_server_call_started", "RPCs started", labels=["grpc_method"])
        for method, rpc in self._rpcs.items():
            started.add_metric([method], rpc.started)
        yield started
        for index, (name, description, _) in enumerate(_CALL_MEASURES):
            family = HistogramMetricFamily(name, description, labels=["grpc_method", "grpc_status"])
            for method, rpc in self._rpcs.items():
                for code, calls in rpc.ended.items():
                    buckets, total = calls.measures[index].samples()
                    family.add_metric([method, code], buckets, total)
            yield family


class ReplyAges(Collector):
    """The age of the snapshot behind each answered unary call. It is counted in the same way as RpcMetrics."""

    def __init__(self) -> None:
        self._ages = Distribution((5, 10, 20, 30, 60, 120, 300, 600))

    def add(self, age_s: float) -> None:
        """Count one answered call."""
        self._ages.add(age_s)

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        buckets, total = self._ages.samples()
        family = HistogramMetricFamily("virtuoso_reply_age_seconds", "Age of the snapshot behind an answered unary call")
        family.add_metric([], buckets, total)
        yield family


CALLS = RpcMetrics()
REGISTRY.register(CALLS)
REPLY_AGES = ReplyAges()
REGISTRY.register(REPLY_AGES)
