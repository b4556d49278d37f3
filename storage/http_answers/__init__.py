"""Bytes out over HTTP: preconditions, ranges, names, dates, and who sends the file."""
