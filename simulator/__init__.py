"""Simulated Flat Phones: they fetch configurations and firmware, and answer SNMP and HTTP.

They speak the public dialect with their own code and share none of the server's, so that what
the two agree on is what is written down, not what one library happens to do.
"""
