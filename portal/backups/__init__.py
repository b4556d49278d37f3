"""Backup and restore of a whole installation in one file, from either database into either."""
