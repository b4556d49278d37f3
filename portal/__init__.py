"""The roof: puts the slices together into apps, commands and running processes."""
