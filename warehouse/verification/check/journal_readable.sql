-- Every line of a journal file can be parsed; one may be incomplete, because a producer may be killed while it writes.
SELECT file, lines, unreadable,
    CASE WHEN unreadable > 1 THEN 'more than one line cannot be read' END AS difference
FROM journal_lines
