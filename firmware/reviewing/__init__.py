"""Releases before they are published: drafts, their checks, and who agreed to them."""
