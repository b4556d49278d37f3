"""Work outside a request: durable rows, an in-process runner, periodic work."""
