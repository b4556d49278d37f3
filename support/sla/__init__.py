"""SLA clocks: how much of a promised time is used, reckoned from what happened and a calendar."""
