"""The one exception for mistakes that the user can correct. Only its message is printed, without a traceback."""


class UserError(Exception):
    """A mistake of the user. Each line is "file, key or ticker: found X; accepted: Y"."""
