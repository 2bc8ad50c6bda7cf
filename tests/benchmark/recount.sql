-- The counts that the generator's journal says there must be: posts per minute (seconds since 1970), hashtag, language.
-- Only acknowledged intents count; the run is refused elsewhere if an intent has no acknowledgement.
CREATE TEMP TABLE journal AS
SELECT * FROM read_json(
    $files, format = 'newline_delimited', filename = true, columns = {
        e: 'VARCHAR', n: 'BIGINT', topic: 'VARCHAR', verdict: 'VARCHAR',
        facts: 'STRUCT("minute" VARCHAR, lang VARCHAR, tags VARCHAR[])'});
CREATE TEMP TABLE intents AS SELECT * FROM journal WHERE e = 'intent' AND topic = 'posts';
CREATE TEMP TABLE sent AS
SELECT intents.* FROM intents JOIN (SELECT filename, n FROM journal WHERE e = 'ack') USING (filename, n);
CREATE TEMP TABLE expected AS
SELECT epoch(CAST(facts."minute" AS TIMESTAMP))::BIGINT AS "minute", tag AS hashtag, facts.lang AS language, count(*) AS posts
FROM (SELECT facts, unnest(facts.tags) AS tag FROM sent) GROUP BY ALL;
