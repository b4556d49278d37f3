"""Asking phones to fetch again: SIP NOTIFY check-sync to one, a site or a rollout."""
