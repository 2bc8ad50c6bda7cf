"""Errors of the recount. The rest of the project has its own: the recount shares no code with it."""


class VerificationError(Exception):
    """Nothing can be compared; the message is one sentence that says why and what to do."""
