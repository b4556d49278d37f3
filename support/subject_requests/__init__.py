"""What people ask of their own data (152-ФЗ, articles 14, 20, 21): the clock, the answer."""
