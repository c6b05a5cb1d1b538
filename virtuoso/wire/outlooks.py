"""Convert outlooks and their record to messages."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from virtuoso.market.v1 import outlook_pb2
from virtuoso.store.v1 import snapshot_pb2
from virtuoso.wire.times import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtuoso.domain.outlook import HorizonRecord, Outlook, OutlookBoard, SaidRecord, Tenth


@lru_cache(maxsize=4)
def encoded_board(board: OutlookBoard) -> bytes:
    """Return the outlooks and their record as fields of a Snapshot. A board holds for hours, so the bytes are kept."""
    return snapshot_pb2.Snapshot(
        outlooks=[outlook(each, board.bar_ms) for each in board.outlooks], outlook_record=record(board)
    ).SerializeToString(deterministic=True)


def outlook(item: Outlook, bar_ms: int | None) -> outlook_pb2.Outlook:
    """Return the message of an outlook that begins at `bar_ms`."""
    return outlook_pb2.Outlook(
        symbol=item.symbol,
        odds=item.odds,
        odds_percent=item.odds_percent,
        low_percent=item.low_percent,
        high_percent=item.high_percent,
        absence=outlook_pb2.OutlookAbsence.ValueType(item.absence or 0),
        bar_time=None if bar_ms is None else timestamp(bar_ms),
    )


def record(board: OutlookBoard) -> outlook_pb2.OutlookRecord:
    """Return the message of a board's record."""
    return outlook_pb2.OutlookRecord(
        bar_time=None if board.bar_ms is None else timestamp(board.bar_ms),
        computed_time=timestamp(board.computed_ms),
        universe=board.universe,
        absence=outlook_pb2.OutlookAbsence.ValueType(board.absence or 0),
        horizons=[_horizon(each) for each in board.records],
        said=None if board.said is None else _said(board.said),
    )


def _said(item: SaidRecord) -> outlook_pb2.OutlookSaidRecord:
    return outlook_pb2.OutlookSaidRecord(
        count=item.count,
        since_time=None if item.since_ms is None else timestamp(item.since_ms),
        interval_coverage=item.interval_coverage,
        brier=item.brier,
        tenths=_tenths(item.tenths),
    )


def _tenths(items: Sequence[Tenth]) -> list[outlook_pb2.OutlookTenth]:
    return [outlook_pb2.OutlookTenth(said=each.said, was=each.was, count=each.count) for each in items]


def _horizon(item: HorizonRecord) -> outlook_pb2.OutlookHorizonRecord:
    return outlook_pb2.OutlookHorizonRecord(
        horizon=outlook_pb2.OutlookHorizon.ValueType(item.horizon),
        steps=item.steps,
        clear=item.clear,
        information=item.information,
        information_low=item.information_low,
        information_high=item.information_high,
        p_newey_west=item.p_newey_west,
        p_exchange=item.p_exchange,
        q=item.q,
        calibrated_steps=item.calibrated_steps,
        brier=item.brier,
        interval_coverage=item.interval_coverage,
        tenths=_tenths(item.tenths),
        weeks=[
            outlook_pb2.OutlookWeek(
                start_time=timestamp(each.start_ms),
                steps=each.steps,
                information=each.information,
                brier=each.brier,
                interval_coverage=each.interval_coverage,
            )
            for each in item.weeks
        ],
    )
