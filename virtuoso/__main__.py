"""`python -m virtuoso` is the command `virtuoso`."""

import sys

from virtuoso.cli import main

if __name__ == "__main__":
    sys.exit(main())
