"""Asking a phone what it is. `reading.read` is the door; `facts` is what comes out of it."""
