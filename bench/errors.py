"""What can go wrong in a way that the user, not a developer, should hear of."""


class InputError(Exception):
    """Wrong input: its message is one line that says what is wrong and what would be right."""


class Diverged(Exception):
    """A trial's numbers are no longer finite: a result, not a failure."""


class DiskError(Exception):
    """The results folder can no longer be written to."""


def printable(text: str) -> str:
    """Without control characters, which a name from a user could send to the terminal."""
    return "".join(c if c.isprintable() or c.isspace() else "?" for c in text)
