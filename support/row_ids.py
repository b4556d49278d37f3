"""The keys of rows as forms name them."""

_ROW_MAX = 2**31


def row_id(typed: str) -> int:
    """The key of a row that was typed; 0 for what is none, however long it is."""
    plain = typed.strip()
    number = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 11 else 0
    return number if number < _ROW_MAX else 0
