"""A board of outlooks, and a snapshot with it."""

from __future__ import annotations

from tests.service.snapshots import T0, snapshot, symbol_name
from virtuoso.domain.outlook import HorizonRecord, Outlook, OutlookAbsence, OutlookBoard, OutlookHorizon, OutlookWeek, Tenth
from virtuoso.store.v1 import snapshot_pb2
from virtuoso.wire.outlooks import encoded_board

FIRST, SECOND, THIRD = (symbol_name(i) for i in range(3))
BAR_MS = T0 // 14_400_000 * 14_400_000


def outlook_board(**changes: object) -> OutlookBoard:
    record = HorizonRecord(
        horizon=OutlookHorizon.HOURS_24,
        steps=533,
        clear=True,
        information=0.1,
        information_low=0.07,
        information_high=0.13,
        p_newey_west=1e-8,
        p_exchange=0.001,
        q=0.0015,
        calibrated_steps=258,
        brier=0.248,
        interval_coverage=0.8,
        tenths=tuple(Tenth(said=0.42 + n / 60, was=0.41 + n / 55, count=5160) for n in range(10)),
        weeks=(OutlookWeek(start_ms=BAR_MS - 86_400_000, steps=42, information=0.1, brier=0.249, interval_coverage=0.79),),
    )
    values = {
        "venue": "bybit",
        "bar_ms": BAR_MS,
        "computed_ms": T0 - 1000,
        "universe": 200,
        "outlooks": (
            Outlook(symbol=FIRST, odds=0.4, low_percent=-9.0, high_percent=8.0),
            Outlook(symbol=SECOND, absence=OutlookAbsence.TOO_FEW_BARS),
            Outlook(symbol="FARUSDT", odds=0.62, low_percent=-3.9, high_percent=5.2),
        ),
        "records": (record,),
    }
    return OutlookBoard(**(values | changes))  # type: ignore[arg-type]


def with_board(found: OutlookBoard | None = None) -> snapshot_pb2.Snapshot:
    message = snapshot()
    message.MergeFromString(encoded_board(found or outlook_board()))
    message.venue_symbols.append("FARUSDT")
    return message
