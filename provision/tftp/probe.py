"""Asks our own TFTP server for a file that nobody has: a refusal shows that it is alive."""

import socket
import struct

from provision.tftp import packets
from provision.tftp.options import TftpOptions
from provision.tftp.packets import PeerError

_REQUEST = struct.pack("!H", 1) + b"flatpro-doctor\0octet\0"
_TRIES = 3


def answers(options: TftpOptions, patience_s: float) -> bool:
    """Whether the server is heard within `patience_s` seconds."""
    assert options.host is not None, "TFTP is off without a host"
    family = socket.AF_INET6 if options.host.version == 6 else socket.AF_INET
    here = "::1" if family is socket.AF_INET6 else "127.0.0.1"
    host = here if options.host.is_unspecified else str(options.host)
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.settimeout(patience_s / _TRIES)
        for _ in range(_TRIES):
            try:
                asking.sendto(_REQUEST, (host, options.port))
                return isinstance(packets.read_reply(asking.recv(1024)), PeerError)
            except OSError:
                continue
    return False
