"""SLA clocks: how much of a promised time is used, as a function of what happened and a calendar."""
