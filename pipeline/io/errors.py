"""The one exception for what the user can put right; its message is the whole output."""


class UserError(Exception):
    """Names the file, key or ticker, what was found and what is accepted: one line a mistake."""
