"""Errors of the package `warehouse`. Most subclasses are named after what the operator does next."""


class WarehouseError(Exception):
    """Base class: lake, database or settings cannot be used; the message is one sentence that says what to do."""


class DatabaseAbsent(WarehouseError):
    """PostgreSQL does not answer (not started, restarting, no free connection): start it, or wait and try again."""


class CorrectTheLogin(WarehouseError):
    """PostgreSQL refuses the connection: user, password, database name or URL is wrong."""


class RunMigrate(WarehouseError):
    """The database is not set up for this role yet: run the job `migrate`."""


class RestoreTheMigration(WarehouseError):
    """An applied migration file was changed or is missing: restore it and put the change into a new migration."""


class CorrectTheReference(WarehouseError):
    """conf/machines.yaml, the description of machines, sensors and shifts, is invalid: correct it."""
