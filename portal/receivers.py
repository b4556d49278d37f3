"""Which slices take part when a signed list comes out, and when a mirror delivers.

Loaded when one of the two happens (installing.py says so): firmware, documents and their libraries
are of no use to most commands.
"""

from catalogue.receivers import ListingReceivers, MirrorReceivers
from docs_store.receiving import DocumentReceiver
from firmware import visibility
from firmware.receiving import FirmwareReceiver
from firmware.software import programs

LISTING = ListingReceivers((visibility.offer, programs.offer))
MIRROR = MirrorReceivers((FirmwareReceiver(), DocumentReceiver()))
