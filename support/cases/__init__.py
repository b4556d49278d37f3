"""Repairs as they are stored: coverage and reports read these rows, the workshop writes them."""
