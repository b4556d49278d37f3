"""The staff's pages of profiles: a form for each level by its schema, history, and undoing."""
