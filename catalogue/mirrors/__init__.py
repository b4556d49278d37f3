"""A mirror: looks at an upstream, proves what it offers, and shows it here or hands it on."""
