"""Which SSH key each device is known by, and who confirmed it."""
