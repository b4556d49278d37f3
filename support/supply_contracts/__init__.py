"""Supply contracts by page: recording, changing and taking back what they change in a warranty."""
