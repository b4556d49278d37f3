"""Personal data: consent, how long what is kept, export and erasure."""
