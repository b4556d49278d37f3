"""How many connections fit beside the files that a process needs anyway: a connection is a file."""

import resource

#: The database's files of sixteen threads, stored files being sent, the log, the journal, pipes.
RESERVED = 200
LEAST = 16


def room_for(connections: int) -> int:
    """Raise the limit as far as the system lets us; how many of so many connections it holds.

    Beyond them new ones wait, and those that are served find the files that they need.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY:
        return connections
    return max(LEAST, min(connections, hard - RESERVED))
