"""Pages of the working calendar: what a new one moves is known only above the requests."""
