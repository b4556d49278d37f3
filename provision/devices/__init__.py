"""The devices we know: their names, their records, where they came from."""
