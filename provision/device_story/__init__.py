"""A device's life told in order: its calls, readings and changes, in words."""
