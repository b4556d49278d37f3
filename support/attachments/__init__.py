"""Files that people send: judged by their content, made harmless, kept as blobs."""
