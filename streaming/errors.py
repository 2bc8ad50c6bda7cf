"""The base error of data in motion, and errors that several modules raise. Messages say what the operator does next."""


class StreamingError(Exception):
    """A job cannot go on; the message is one sentence that says what to do."""


class StartBroker(StreamingError):
    """The broker does not answer: start it, or correct the setting that names it."""


class FreeThePort(StreamingError):
    """Another program listens on a port that one of our servers (broker, database, page) needs."""


class ReadTheLog(StreamingError):
    """A process that we started did not start, did not stop or ended by itself; its log says why."""
