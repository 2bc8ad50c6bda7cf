SELECT now() AS read_at;
