"""Who repairs: the vendor's service centre, and official partners by region (W-11, D-2)."""
