"""The command `virtuoso`, also as `python -m virtuoso`."""

import os
import sys

# Read when gRPC is imported: we start programs and never go on in a forked process, and it need not speak of forks.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
# Otherwise gRPC's own code writes a line for each TLS handshake that fails, past the limit of our log.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

try:
    from virtuoso.cli import main
except KeyboardInterrupt:  # importing takes a moment
    sys.exit(130)

if __name__ == "__main__":
    sys.exit(main())
