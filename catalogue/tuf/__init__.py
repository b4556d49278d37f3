"""The files of the TUF repository: who lists what, what they say, how they come out together."""
