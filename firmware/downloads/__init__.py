"""How often releases are downloaded: counted as they are sent, shown as charts and tables."""
