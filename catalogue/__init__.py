"""The catalogue: products, and the signed lists that phones, mirrors and people check against."""
