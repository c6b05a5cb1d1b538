"""One request by seed and index. Requests are made from the descriptors: every RPC and, recursively, every field."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from tests.service.snapshots import T0, symbol_name
from tools.fuzzing import wire
from virtuoso.market.v1 import market_service_pb2
from virtuoso.service.health import NAMES, SERVICE
from virtuoso.service.reflection import V1
from virtuoso.service.view import ORDERABLE

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, MethodDescriptor

LARGEST = 256 * 1024 - 8  # bytes of the largest request that a server accepts
NOW_S, DAY_S = T0 // 1000, 86_400
SYMBOLS = (*map(symbol_name, range(40)), "SHIB1000USDT", "UNTRACKEDUSDT", "NOSUCHUSDT")
# The values of the texts and numbers of a request without a fault, by field or message.
TEXTS: Mapping[str, Sequence[str]] = {
    "symbol": SYMBOLS,
    "symbols": SYMBOLS,
    "order_by": ("", *(f"{name}{order}" for name in ("symbol", *ORDERABLE) for order in ("", " asc", "  desc"))),
    "cursor": ("", "0", "1", "300", str(T0)),
    "page_token": ("",),
    "resume_token": ("", "czE", "dW5rbm93bg"),
    "service": (*NAMES, "gamma"),
    "file_by_filename": ("virtuoso/market/v1/market_service.proto", "virtuoso/market/v1/none.proto"),
    "file_containing_symbol": (SERVICE, f"{SERVICE}.GetDashboard", "google.protobuf.Timestamp", "virtuoso.none"),
    "containing_type": ("google.protobuf.FieldOptions", "google.protobuf.MethodOptions", "virtuoso.market.v1.Mover", "none"),
    "all_extension_numbers_of_type": ("google.protobuf.FieldOptions", "google.protobuf.Timestamp", "none"),
}
NUMBERS: Mapping[str, Sequence[int]] = {
    "page_size": (0, 1, 10, 100, 500, 1000, 10**6),
    "extension_number": (1159, 72_295_728, 1),
    "google.protobuf.Timestamp": (NOW_S, NOW_S - 60, NOW_S - 3600, NOW_S - DAY_S, NOW_S - 30 * DAY_S, NOW_S + 60, 0),
    "google.protobuf.Duration": (0, 1, 60, 300, 3600, DAY_S),
    "nanos": (0, 1, 999_999_999),
}
REALS = (0.0, 50.0, 61.25, 99.9, 500_000.0, 2e6, 1e12)
STRANGE_REALS = tuple(map(float, ("nan", "inf", "-inf", "-0", "5e-324", "1e308", "-1", "100.1", "499999.99")))
# Pieces of texts that break the rules, or that careless code treats as more than text.
PIECES = (
    *(b"\0", b"\n", b" ", b"\r\n", b"\x1b[31m", b"\x7f", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"),
    *(b"A", b"a", b"9", b"-", b"=", b"_", b"%s%n", b"%00", b"../", b"' OR 1=1--", b"<script>", b"${x}", b"{}", b"USDT"),
    *(
        each.encode()
        for each in ("龙", "é", "é", "٣", "\u202e", "\u2028", "\ufeff", "🐉", "ΑUSDT", "BTCUSDT\n", "score desc,")
    ),
)
WAYS = {"valid": 22, "continued": 6, "broken": 30, "altered": 30, "large": 6, "random": 6}
# The calls that read the history. Each takes as long as ten others, so they come less often.
READ_THE_HISTORY = ("ListSignals", "ListAlerts", "GetScoreHistory", "WatchAlerts")
_STRINGS = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)


@dataclass(frozen=True, slots=True)
class Rpc:
    """An RPC under one of the names of its service."""

    path: str
    method: MethodDescriptor


@dataclass(frozen=True, slots=True)
class Case:
    """One request. `way` says how it was made."""

    index: int
    rpc: Rpc
    way: str
    raw: bytes
    metadata: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"#{self.index} {self.rpc.path} {self.way} {len(self.raw)} B {self.raw[:24].hex()}"


def rpcs() -> tuple[Rpc, ...]:
    """Return every RPC of a server."""
    market = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"]
    health = health_pb2.DESCRIPTOR.services_by_name["Health"]
    reflection = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
    services = [(each.full_name, each) for each in (market, health, reflection)] + [(V1, reflection)]
    return tuple(Rpc(f"/{name}/{method.name}", method) for name, service in services for method in service.methods)


class Cases:
    """The cases of a seed. `continued` has requests with the tokens of earlier replies, by path."""

    def __init__(self, seed: int, continued: Mapping[str, Sequence[bytes]]) -> None:
        self._seed, self._continued, self._rpcs = seed, continued, rpcs()
        self._weights = [1 if rpc.method.name in READ_THE_HISTORY else 4 for rpc in self._rpcs]

    def case(self, index: int) -> Case:
        """Return the case with this index. It is always the same for a seed."""
        rng = Random(self._seed << 64 | index)  # noqa: S311 - not a secret
        (rpc,) = rng.choices(self._rpcs, self._weights)
        (way,) = rng.choices(tuple(WAYS), tuple(WAYS.values()))
        way, raw = self._request(rng, rpc, way)
        metadata = (("x-request-id", rng.choice(("phone-1", "a b", "x" * 65, "")))) if rng.random() < 0.05 else None
        return Case(index, rpc, way, raw[:LARGEST], (metadata,) if metadata else ())

    def _request(self, rng: Random, rpc: Rpc, way: str) -> tuple[str, bytes]:
        descriptor, continued = rpc.method.input_type, self._continued.get(rpc.path)
        if way == "random":
            return way, rng.randbytes(wire.size(rng, LARGEST))
        if way == "large":
            return way, large(rng, descriptor)
        if way == "continued" and continued:
            return way, rng.choice(continued)
        raw = message(rng, descriptor, 0.4 if way == "broken" else 0.0)
        if way != "altered":
            return way, raw
        if continued and rng.random() < 0.3:
            raw = rng.choice(continued)
        return wire.altered(rng, raw, LARGEST if rng.random() < 0.1 else 2048)


def message(rng: Random, descriptor: Descriptor, hostile: float) -> bytes:
    """Return a message. Each value breaks a rule with the probability `hostile`."""
    parts = []
    for field in descriptor.fields:
        if rng.random() < (0.95 if field.name == "symbol" else 0.5):
            most = _max_items(field) or 1
            counts = (1, 2, most, most + 1, 10 * most) if hostile and field.is_repeated else (1, 1, 2, 5, most)
            count = rng.choice(counts) if field.is_repeated else 1
            parts += [encoded(rng, field, hostile) for _ in range(min(count, 8))] * -(-count // 8)
    return b"".join(parts)


def encoded(rng: Random, field: FieldDescriptor, hostile: float) -> bytes:
    """Return one value of a field."""
    broken = rng.random() < hostile
    if field.message_type is not None:
        return wire.field(field.number, message(rng, field.message_type, hostile))
    if field.type in _STRINGS:
        return wire.field(field.number, _strange_text(rng) if broken else rng.choice(TEXTS.get(field.name, ("",))).encode())
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return wire.tag(field.number, wire.FIXED64) + struct.pack("<d", rng.choice(STRANGE_REALS if broken else REALS))
    return wire.tag(field.number, wire.VARINT) + wire.varint(_strange_number(rng) if broken else _number(rng, field))


def large(rng: Random, descriptor: Descriptor) -> bytes:
    """Return a request with one field that is long, or that comes many times."""
    length = max(256, wire.size(rng, 2 * LARGEST))
    if not descriptor.fields:
        return wire.repeat(wire.any_field(rng, rng.randrange(1, 100), 64), length)
    field = rng.choice(descriptor.fields)
    if field.type in _STRINGS and not (field.is_repeated and rng.random() < 0.8):
        piece = rng.choice((*PIECES, *(each.encode() for each in TEXTS.get(field.name, ()))))
        return message(rng, descriptor, 0.0) + wire.field(field.number, wire.repeat(piece, min(length, LARGEST - 2048)))
    return wire.repeat(encoded(rng, field, rng.choice((0.0, 1.0))), length)


def _max_items(field: FieldDescriptor) -> int:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    return int(rules.repeated.max_items)


def _number(rng: Random, field: FieldDescriptor) -> int:
    if field.enum_type is not None:
        return int(rng.choice(field.enum_type.values).number)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return rng.randrange(2)
    message_type: Any = field.containing_type
    return rng.choice(NUMBERS.get(field.name) or NUMBERS.get(message_type.full_name) or (0, 1))


def _strange_number(rng: Random) -> int:
    return rng.choice((1, -1)) * (rng.choice(wire.NUMBERS) + rng.choice((-1, 0, 1)))


def _strange_text(rng: Random) -> bytes:
    length = wire.size(rng, 8192 if rng.random() < 0.2 else 64)
    if rng.random() < 0.3:
        return wire.repeat(rng.choice(PIECES), length)
    good = rng.choice(SYMBOLS).encode() if rng.random() < 0.5 else b""
    return (good + b"".join(rng.choices(PIECES, k=length % 8)))[: length + 8]
