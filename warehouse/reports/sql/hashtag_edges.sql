-- First minute with a hashtag in all the data before the end of the window: trends compare with nothing older.
SELECT minute FROM serving.hashtag_minutes WHERE minute < %(end)s ORDER BY minute LIMIT 1;
