"""Taking many phones in from a table: read, judged row by row, stored all or not at all."""
