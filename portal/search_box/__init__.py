"""The front page's box: what a person means who types into it, and where that leads."""
