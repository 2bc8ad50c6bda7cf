"""Errors of the report, named after what the operator does next."""

from warehouse.errors import WarehouseError


class CorrectTheWindow(WarehouseError):
    """--from or --to is no time, or they are no window: correct them."""
