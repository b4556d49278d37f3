"""Leaks of personal data: what became known when, and what the authority was told by when."""
