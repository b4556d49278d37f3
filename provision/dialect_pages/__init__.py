"""Phone families for people: which are loaded, what is wrong with one, and who a request is."""
