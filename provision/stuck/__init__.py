"""Phones that need somebody: each kind of trouble is one question to the records."""
