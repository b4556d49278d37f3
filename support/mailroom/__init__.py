"""Mail: letters that go out, letters that come in, and which request they belong to."""
