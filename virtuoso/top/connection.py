"""The connection of `virtuoso top`, and its exit codes.

0: success. 1: invalid arguments. 2: no connection, or the user quit before data arrived. 3: the server returned an error.
"""

from __future__ import annotations

import os

import grpc

NO_CONNECTION, REFUSED = 2, 3
RETRY_S = 5.0  # the time before a retry after the server rejected a call


def credentials(certificates: bytes | None, *, tls: bool) -> grpc.ChannelCredentials | None:
    """Return the credentials of the channel; None for clear text.

    `certificates` are PEM root certificates that verify the server's certificate. With None, gRPC uses its default roots.
    `certificates` imply `tls`.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # otherwise gRPC logs to the screen
    return grpc.ssl_channel_credentials(certificates) if tls or certificates is not None else None
