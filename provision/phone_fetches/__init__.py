"""What happens when a phone fetches: the call, its answer, its record, what is kept for it."""
