"""The one exception for mistakes that the user can correct. Only its message is printed, without a traceback."""

MAX_LINE = 1000  # characters


class UserError(Exception):
    """A mistake of the user. Each line is "file, key or ticker: found X; accepted: Y"."""

    def __str__(self) -> str:
        """Return the lines. A long one is cut, and control characters, which could change the terminal, are escaped."""
        lines = super().__str__().split("\n")
        return "\n".join(_printable(line[:MAX_LINE]) + " ..." * (len(line) > MAX_LINE) for line in lines)


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
