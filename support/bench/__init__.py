"""The bench: one phone in repair on a page of staff, with its loan and its identity."""
