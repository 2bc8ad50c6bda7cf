"""What a record is, in plain Python: from a value's bytes to its verdict. No Spark, no client, no settings.

- `quality_rules`: limits and actions of conf/quality.yaml.
- `json_object`: bytes -> the JSON object, or the rule `malformed`.
- `fields`: what each topic asks of a field: its type, presence, length.
- `times`: ISO-8601 texts as microseconds, and the rules about them.
- `names`: hashtags, mentions, pseudonyms, the mask of handles.
- `identity`: the deduplication key.
- `posts`, `readings`, `machine_events`: one topic each, its rules in the order in which they are checked.
- `judge`: all of it together: (bytes, Kafka time) -> `Verdict`.

The verdict on a record is the first rule that it breaks. `streaming.transforms.staging` applies a judge to a DataFrame.
The recount (`warehouse.verification`) has rules of its own and must not import these.
"""
