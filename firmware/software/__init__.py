"""Software beside firmware: programs for people, published and reviewed as releases are."""
