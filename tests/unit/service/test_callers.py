"""Who calls: the peer, or the address for which the edge forwards a call."""

from __future__ import annotations

import pytest

from virtuoso.domain.errors import TooManyStreams
from virtuoso.service.callers import StreamShares, caller_of


class Call:
    """A call from `peer` with these headers x-forwarded-for."""

    def __init__(self, peer: str, *forwarded: str) -> None:
        self._peer, self._forwarded = peer, forwarded

    def peer(self) -> str:
        return self._peer

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        return tuple(("x-forwarded-for", each) for each in self._forwarded)


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("ipv4:8.8.4.4:5000", "1.2.3.4", "8.8.4.4"),  # anybody can write the header
        ("ipv4:127.0.0.1:5000", "1.2.3.4", "1.2.3.4"),
        ("ipv4:10.0.0.7:5000", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        ("ipv6:%5B::1%5D:5000", "2606:4700:1:2:3:4:5:6", "2606:4700:1:2::/64"),
        ("ipv6:%5B2606:4700:1:2::9%5D:5000", "1.2.3.4", "2606:4700:1:2::/64"),
        ("ipv6:[::ffff:8.8.4.4]:5000", "", "8.8.4.4"),
        ("unix:", "", ""),
    ],
)
def test_the_caller_of_a_call(peer: str, forwarded: str, caller: str) -> None:
    assert caller_of(Call(peer, forwarded)) == caller


def test_the_last_of_several_headers_counts_because_the_edge_wrote_it() -> None:
    assert caller_of(Call("ipv4:127.0.0.1:5000", "9.9.9.9", "1.2.3.4")) == "1.2.3.4"


def test_a_share_is_free_again_when_a_stream_ends() -> None:
    shares, one, other = StreamShares(1), Call("ipv4:8.8.4.4:1", ""), Call("ipv4:8.8.8.8:1", "")
    with shares.one(one), shares.one(other), pytest.raises(TooManyStreams), shares.one(one):
        pass
    with shares.one(one):
        pass
