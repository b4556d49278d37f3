"""Where stored bytes lie: a disk or a bucket, their copies, scrubbing and collecting."""
