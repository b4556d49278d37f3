"""Sweeps: what answers in a network, and whether the register knows it."""
