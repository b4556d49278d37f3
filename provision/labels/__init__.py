"""Phones taken in from a photo of their box labels: read, looked at, and only then stored."""
