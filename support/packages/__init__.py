"""Support packages: what is promised to whom, read from data by the pages and by the clocks."""
