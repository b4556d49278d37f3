"""The check that anybody may ask, and what keeps it from being guessed through."""
