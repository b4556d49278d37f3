"""Replacement of a phone that cannot be repaired, and what warranty the new one has (W-8)."""
