"""From which day a warranty counts, how long, and what proves it (pure)."""
