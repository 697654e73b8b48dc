"""Learning of wide networks, as far as a spectrum tells it."""
