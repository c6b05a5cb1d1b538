"""The command `virtuoso`, also as `python -m virtuoso`."""

import os
import sys

# Read when gRPC is imported: we start programs and never go on in a forked process, and it need not speak of forks.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")

try:
    from virtuoso.cli import main
except KeyboardInterrupt:  # importing takes a moment
    sys.exit(130)

if __name__ == "__main__":
    sys.exit(main())
