"""Warranty, repairs and support requests, as the vendor's published rules say."""
