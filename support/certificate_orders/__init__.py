"""Orders of certificates by customers, and reminders before the window closes (C-1, C-7)."""
