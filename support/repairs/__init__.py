"""Repairs: the fault report, the phone's way through the service centre, and its papers."""
