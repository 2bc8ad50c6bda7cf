"""Fixtures of all suites live in files of their own, one per piece; they are registered here."""

pytest_plugins = ["tests.fixtures_postgres"]
