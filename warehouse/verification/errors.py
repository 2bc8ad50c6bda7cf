"""Errors of the recount. None is shared with the product: the recount must not inherit its mistakes."""


class VerificationError(Exception):
    """The recount cannot be made; the message is one sentence that says what to do."""
