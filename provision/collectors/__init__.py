"""Collectors: small readers at sites whose phones only they can reach; nothing listens there."""
