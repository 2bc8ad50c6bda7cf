"""Names and first lines of the SQL files of migrations and example questions."""

import re

from warehouse.database.migrations import list_sql_files


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [int(re.fullmatch(r"(\d{4})_\w+\.sql", file.name)[1]) for file in list_sql_files("ddl")]
    assert numbers == list(range(1, len(numbers) + 1))


def test_there_are_ten_questions_and_each_starts_with_one() -> None:
    questions = list_sql_files("serving/questions")
    assert len(questions) == 10
    for question in questions:
        assert re.match(r"-- [A-Z].*\?", question.read()), question.name
