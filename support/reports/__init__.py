"""Reports of repairs and requests: by product, lot, firmware, organisation and partner."""
