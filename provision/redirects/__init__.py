"""Phones that a partner claims by the code in their box: they are sent to the partner's server."""
