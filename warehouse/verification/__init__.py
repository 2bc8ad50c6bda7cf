"""The independent recount: journal, bronze, silver, gold and PostgreSQL compared row by row at one common cut.

It reads what the stream wrote, but shares no code with it: a mistake made twice would prove nothing.
"""

from warehouse.verification.errors import VerificationError
from warehouse.verification.inputs import Inputs, Limits
from warehouse.verification.postgres_reader import PostgresFacts
from warehouse.verification.recount import verify
from warehouse.verification.report import Check, Report

__all__ = ["Check", "Inputs", "Limits", "PostgresFacts", "Report", "VerificationError", "verify"]
