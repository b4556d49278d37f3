"""Support requests: intake, conversation, clocks, refusals, the queue."""
