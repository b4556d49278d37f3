"""What is wrong with a phone, how sure that is, and what to do about it."""
