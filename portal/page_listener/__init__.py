"""The listener of people's pages: limits, slow readers, files without a thread, its end."""
