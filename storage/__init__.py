"""The floor: database sessions, stored bytes, and bytes out over HTTP."""
