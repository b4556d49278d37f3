"""The reason why a phone did not take what it was given."""


class RefusedError(Exception):
    """What the server gave breaks a rule of the phone, which keeps the firmware that it runs."""

    @property
    def line(self) -> str:
        """The refusal in one line: the name of the rule and what was found."""
        return f"{type(self).__name__}: {self}"
