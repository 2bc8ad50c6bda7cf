-- If a query takes longer, it is cancelled and the page keeps showing the data of the last refresh that succeeded.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = '4s';
