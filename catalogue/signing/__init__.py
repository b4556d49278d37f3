"""People's signatures: the keys they hold, who still has to sign, and changing keys."""
