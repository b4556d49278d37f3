"""Certificates that prolong a warranty: issued, kept, added to a term."""
