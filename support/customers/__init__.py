"""The customer portal: what of mine is where, for people of an organisation and its partner."""
