"""The program ``rmt``, also as ``python -m rmt``: the command line, with an answer to an interrupt while it loads."""

import sys


def start() -> int:
    """Load the command line and run it.

    Returns
    -------
    int
        The exit code.
    """
    try:
        from rmt.cli import main

        return main()
    except KeyboardInterrupt:
        print("rmt: error: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(start())
