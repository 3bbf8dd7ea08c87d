"""`python -m pyjobs` is the command `pyjobs`."""

import sys

from pyjobs.cli import main

if __name__ == "__main__":
    sys.exit(main())
