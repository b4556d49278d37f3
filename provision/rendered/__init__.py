"""Finished configurations kept for the phones' next fetch, and what makes them worthless."""
