"""Production calendars as data: what differs from a Monday-to-Friday week, year by year."""
