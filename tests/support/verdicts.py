"""Records of each topic with the expected verdict: None for a valid record, else the first rule that it breaks."""

import json
from typing import Any

POST = {
    "post_id": "p",
    "source": "s",
    "author_id": "a",
    "created_at": "2026-03-01T11:59:30.000Z",
    "text": "x",
    "lang": "pt",
}
READING = {
    "reading_id": "r",
    "machine_id": "m",
    "measured_at": "2026-03-01T11:59:30.000Z",
    "temperature_c": 71.2505,
    "vibration_mm_s": 1,
    "rotation_rpm": 0,
    "pressure_bar": 6.1,
    "power_kw": 3.3,
    "parts_count": 12.0,
}
EVENT = {"event_id": "e", "machine_id": "m", "occurred_at": "2026-03-01T11:59:30Z", "kind": "failure"}


def post(**changes: Any) -> bytes:
    return json.dumps({**POST, **changes}).encode()


def reading(**changes: Any) -> bytes:
    return json.dumps({**READING, **changes}).encode()


def event(**changes: Any) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


def without(fields: dict[str, Any], name: str) -> bytes:
    return json.dumps({key: value for key, value in fields.items() if key != name}).encode()


POSTS: list[tuple[bytes | None, str | None]] = [
    (post(), None),
    (post(text=""), None),
    (post(kind="deletion"), None),
    (json.dumps({"kind": "deletion", **{k: POST[k] for k in ("post_id", "source", "created_at")}}).encode(), None),
    (post(unknown={"deep": [1, 2]}), None),
    (post() + b" trailing", None),
    (b"  \n" + post(), None),
    (post(text='<script>"\\ \u202e \U0001f468\u200d\U0001f469'), None),
    (b'{"post_id":"first",' + post()[1:], None),  # a repeated key: the last one counts
    (b'{"x":' + b"[" * 900 + b"]" * 900 + b"," + post()[1:], None),
    (None, "malformed"),
    (b"", "malformed"),
    (b"null", "malformed"),
    (b"17", "malformed"),
    (b"[" + post() + b"]", "malformed"),
    (b"\xef\xbb\xbf" + post(), "malformed"),
    (post()[:-1], "malformed"),
    (post().replace(b'"x"', b'"\xff"'), "malformed"),
    (b"\x00" + post(), "malformed"),
    (b'{"x":' + b"[" * 1100 + b"]" * 1100 + b"," + post()[1:], "malformed"),
    (post().replace(b'"', b"'"), "malformed"),
    (post(text={"a": 1}), "wrong_type"),
    (post(text="{not json"), None),
    (post(author_id=["a"]), "wrong_type"),
    (post(post_id=17), None),  # a number where text belongs is read as its text
    (post(hashtags=["a", {"b": 1}]), "wrong_type"),
    (post(hashtags=["a", "{b", 5]), None),
    (post(mentions=[["a"]]), "wrong_type"),
    (post(hashtags="tag"), "wrong_type"),
    (post(mentions={"a": 1}), "wrong_type"),
    (post()[:-1] + b', "text": {"a": 1}}', "wrong_type"),  # a repeated key: the last value is not text
    (post()[:-1] + b', "z": 1, "z": 2, "text": []}', "wrong_type"),
    (post()[:-1] + b', "hashtags": "x", "hashtags": ["a"]}', "wrong_type"),
    (post()[:-1] + b', "hashtags": ["a"], "hashtags": [["a"]]}', "wrong_type"),
    (post(text=1.5), "wrong_type"),
    (post()[:-1] + b', "post_id": 1e400}', "wrong_type"),
    (post()[:-1] + b', "hashtags": ["1.5", 12345678901234567890123]}', None),
    (post(hashtags=["a", 2.5]), "wrong_type"),
    (post(text="1.0E9", hashtags=["1.5", '"Infinity"']), None),
    (post()[:-1] + b', "schema_version": [99], "version": {"a": 1.5}}', None),
    *((without(POST, name), "missing_field") for name in POST),
    (post(post_id=""), "missing_field"),
    (post(author_id=None), "missing_field"),
    (post(kind="edit"), "unknown_kind"),
    (post(text="a\u0000b"), "nul_character"),
    (post(hashtags=["ok", "a\u0000"]), "nul_character"),
    (post(text="x" * 10_001), "too_long"),
    (post(text="\U0001f600" * 10_000), None),  # code points, not bytes
    (post(post_id="p" * 65), "too_long"),
    (post(created_at="yesterday"), "bad_time"),
    (post(created_at="2026-03-01T11:59:30Z\n"), "bad_time"),
    (post(created_at="2026-03-01T11:59:30"), "bad_time"),
    (post(created_at="2026-02-30T11:59:30Z"), "bad_time"),
    (post(created_at="9999-12-31T23:59:59Z"), "future_time"),
    (post(created_at="1999-12-31T23:59:59.999Z"), "ancient_time"),
    (post(created_at="2000-01-01T00:00:00Z"), None),
    (post(created_at="2026-03-01T12:05:00.000Z"), None),
    (post(created_at="2026-03-01T12:05:00.001Z"), "future_time"),
    (post(created_at="2026-03-01T14:04:59+02:00"), None),
    (post(created_at="-0001-01-01T00:00:00Z"), "bad_time"),
]
READINGS: list[tuple[bytes | None, str | None]] = [
    (reading(), None),
    (reading(temperature_c=-100), None),
    (reading(temperature_c=-100.001), "impossible_value"),
    (reading(temperature_c="71"), "wrong_type"),
    *(
        (reading(power_kw=0).replace(b'"power_kw": 0', b'"power_kw": ' + number), None)
        for number in (b"1", b"1.0", b"3e0", b"30E-1", b"1.00000000000000000000000001", b"-0.0", b"1e-400")
    ),
    *(
        (reading(parts_count=0).replace(b'"parts_count": 0', b'"parts_count": ' + number), None)
        for number in (b"1000000000", b"3.0", b"3e0", b"0.000003E6")
    ),
    (reading(power_kw=0)[:-1] + b', "power_kw": "x", "power_kw": 1}', "wrong_type"),
    (reading(version={"major": 2}, schema_version="3-beta", humidity=[1]), None),
    (reading(parts_count=1.5), "impossible_value"),
    (reading(parts_count=9223372036854775808), "impossible_value"),
    (reading(power_kw=0).replace(b'"power_kw": 0', b'"power_kw": 1e400'), "impossible_value"),
    (reading(power_kw=0).replace(b'"power_kw": 0', b'"power_kw": 1e1000000000'), "impossible_value"),
    (reading(power_kw=0).replace(b'"power_kw": 0', b'"power_kw": NaN'), "malformed"),
    *((without(READING, name), "missing_field") for name in READING),
]
EVENTS: list[tuple[bytes | None, str | None]] = [
    (event(), None),
    (event(kind="maintenance", detail="belt"), None),
    (event(kind="party"), "unknown_kind"),
    (event(detail="x" * 1001), "too_long"),
    *((without(EVENT, name), "missing_field") for name in EVENT),
]
