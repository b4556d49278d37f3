"""What is known of versions beyond their releases: shipped, broken, or the floor."""
