"""The connection of `virtuoso top`, and its exit codes.

0: success. 1: invalid arguments. 2: no connection, or the user quit before data arrived. 3: the server returned an error.
"""

from __future__ import annotations

NO_CONNECTION, REFUSED = 2, 3
RETRY_S = 5.0  # the pause after the server has refused a call
