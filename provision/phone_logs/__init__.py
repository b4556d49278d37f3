"""Logs that phones send: bounded, sealed, the last few of each phone."""
