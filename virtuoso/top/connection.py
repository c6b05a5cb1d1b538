"""How `virtuoso top` connects, and its exit codes.

0: shown, or quit. 1: bad arguments. 2: no connection, or quit before any data came. 3: the server refused.
"""

from __future__ import annotations

import os

import grpc

NO_CONNECTION, REFUSED = 2, 3


def credentials(certificates: bytes | None, *, tls: bool) -> grpc.ChannelCredentials | None:
    """Return the channel's credentials, None for clear text.

    `certificates` are PEM roots that the server's certificate is checked against, None for those of this machine. They
    imply `tls`.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # otherwise gRPC writes its log across the screen
    return grpc.ssl_channel_credentials(certificates) if tls or certificates is not None else None
