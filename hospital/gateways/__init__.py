"""Outside systems: per system a ``Protocol`` and the one HTTP client that fulfils it."""
