"""Support contracts, what they promise for whom, and overdue debts."""
