"""``python -m rmt``: the command line."""

from rmt.cli import main

raise SystemExit(main())
