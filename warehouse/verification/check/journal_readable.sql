-- A killed producer may tear the last line of its file, and only that one.
SELECT file, lines, unreadable,
    CASE WHEN unreadable > 1 THEN 'more than one line cannot be read' END AS difference
FROM journal_lines
