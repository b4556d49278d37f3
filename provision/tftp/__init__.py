"""TFTP for phones that know nothing else: bootstraps and firmware, read only, off by default."""
