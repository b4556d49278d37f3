"""What is wrong with an installation, or soon will be, and what to do about it."""
