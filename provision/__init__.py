"""Everything that talks to phones, in both directions: their requests here, our reads there."""
