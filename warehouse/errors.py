"""The base error of data at rest. Each subclass says in its name what the operator does next."""


class WarehouseError(Exception):
    """Something at rest cannot be used; the message is one sentence that says what to do."""


class DatabaseAbsent(WarehouseError):
    """PostgreSQL does not answer (not started, restarting, no free connection): wait and try again."""


class CorrectTheLogin(WarehouseError):
    """PostgreSQL answers and refuses us: the URL, a password or a database name is wrong."""


class RunMigrate(WarehouseError):
    """The database has not been prepared for this role yet: run the job `migrate`."""


class RestoreTheMigration(WarehouseError):
    """A migration file that was already applied has been changed: bring it back, write a new one instead."""


class CorrectTheReference(WarehouseError):
    """The description of machines, sensors and shifts cannot be used: correct the file."""


class PortTaken(WarehouseError):
    """Another program listens on the port that the embedded server needs."""


class OpenTheFolder(WarehouseError):
    """The embedded server's own user may not enter a folder that it needs."""


class ReadTheServerLog(WarehouseError):
    """The embedded server did not start or did not stop; its log says why."""
