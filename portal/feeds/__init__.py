"""Atom feeds: what was published and withdrawn, for programs that look every so often."""
