"""How `virtuoso top` connects, and its exit codes.

0: shown, or quit. 1: bad arguments. 2: no connection, or quit before anything came. 3: the server refused.
"""

from __future__ import annotations

import os

import grpc

NO_CONNECTION, REFUSED = 2, 3


def credentials(certificates: bytes | None, *, tls: bool) -> grpc.ChannelCredentials | None:
    """Return what the channel is secured by; None for clear text. `certificates`: roots in PEM that the server's certificate
    is checked against, None for those of this machine; they imply `tls`."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC would write across the screen
    return grpc.ssl_channel_credentials(certificates) if tls or certificates is not None else None
