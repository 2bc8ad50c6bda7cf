"""The base error of data in motion. Each subclass says in its name what the operator does next."""


class StreamingError(Exception):
    """Something in the stream cannot go on; the message is one sentence that says what to do."""


class StartBroker(StreamingError):
    """The broker does not answer and must be started (or the setting that names it be corrected)."""


class FreeThePort(StreamingError):
    """Another program listens on a port that an embedded server needs."""


class ReadTheLog(StreamingError):
    """A process that we started ended by itself; its log says why."""
