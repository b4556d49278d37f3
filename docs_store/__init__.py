"""The documentation library: documents, their editions, and which edition fits which firmware."""
