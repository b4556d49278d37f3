"""Whether a phone is the unit that the records say it is, and how much each sign of it weighs."""
