"""The loaner pool: phones lent while a customer's own is in repair (C-3, C-8, C-9)."""
