"""Valid posts with unusual text or JSON (scripts, emoji sequences, right-to-left, repeated keys).

Each function changes a draft in one way.
"""

from collections.abc import Callable

from streaming.producers.synthetic.post_draft import Draft, zoned_time

_SCRIPT = "<script>alert('#tag')</script> <img src=x onerror=alert(1)> #script &amp; {{7*7}}"
_QUOTES = "she said \"no\" \\ back\\slash \\u0041 'x'; DROP TABLE posts; -- #quotes \t tab \r\n line\u2028sep\u0001"
_FAMILY = (
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 #fam\u00edlia\U0001f44d\U0001f3fd "
    "#\ufe0f\u20e3 keycap #1\ufe0f\u20e3 end"
)
_LONG = 9_900  # with its # and " (edit) #edited" still below the 10 000 characters that a text may have


def _text(text: str) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.fields["text"] = text
        draft.fields.pop("hashtags", None)
        draft.fields.pop("mentions", None)

    return change


def _tags(*tags: str) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.fields["hashtags"] = list(tags)

    return change


def _field(name: str, value: object) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.fields[name] = value

    return change


def _trailing_text(draft: Draft) -> None:
    draft.ending = ' {"post_id":"ignored"} garbage'


def _leading_whitespace(draft: Draft) -> None:
    draft.opening = " \r\n\t{"


def _repeated_key(draft: Draft) -> None:
    draft.opening = '{"text":"the first of two #lost","lang":"xx",'


def _ascii_escapes(draft: Draft) -> None:
    draft.fields["text"] = f"{draft.fields['text']} \U0001f600 #\U0001d509\U0001d532\U0001d531"
    draft.is_ascii = True


def _utc_offset_time(draft: Draft) -> None:
    draft.fields["created_at"] = zoned_time(draft.at_ms, -3)


def _whole_seconds(draft: Draft) -> None:
    draft.at_ms -= draft.at_ms % 1000
    draft.fields["created_at"] = f"{draft.fields['created_at'][:19]}Z"


EDGE_CASES: tuple[Callable[[Draft], None], ...] = (
    _text(_FAMILY),
    _text(
        "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd #\u05e9\u05dc\u05d5\u05dd_\u05e2\u05d5\u05dc\u05dd "
        "#\u0645\u0631\u062d\u0628\u0627 \u200f#caf\u00e9\u200f"
    ),
    _text(_QUOTES),
    _text(_SCRIPT),
    _text("decomposed #cafe\u0301 #Cafe\u0301 composed #caf\u00e9 #CAF\u00c9 marks #a\u0300\u0316\u0301\u0348"),
    _text("#\uff26\uff35\uff34\uff25\uff22\uff2f\uff2c #\ufb01nal #final #\u2460 #\u00bd #\u33a5"),
    _text(
        "#Stra\u00dfe #STRASSE #strasse #\u0130stanbul #istanbul #\u0131stanbul "
        "#\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2"
    ),
    _text("#" + "\u00e3" * _LONG),
    _text("##double a#no #yes.#also (#paren) #with-dash #_ # #\u0967\u0968 mail@example.org @@who @\u00e9mile"),
    _text(" ".join(f"#many{number}" for number in range(45))),
    _text(""),
    _tags("k" * 10_240, "#kept", "x" * 100, "y" * 101),
    _tags(*(f"list{number:02d}" for number in range(40))),
    _tags("  #Spaced ", "", "#", "##two", "SPACED", "spaced", "with space", 'a"b\\c', "\u202ertl"),
    _field("hashtags", None),
    _field("hashtags", []),
    _field("mentions", ["@ana_silva0000", "ana_silva0000", "<b>", "\U0001f469\u200d\U0001f4bb"]),
    _field("lang", "PT-BR"),
    _field("extra", {"nested": [1, {"deeper": None}], "nul_elsewhere": True}),
    _field("kind", "post"),
    _field("author_id", 4_200_000_017),
    _trailing_text,
    _leading_whitespace,
    _repeated_key,
    _ascii_escapes,
    _utc_offset_time,
    _whole_seconds,
)
"""One of them is drawn for the share `hostile` of the posts."""
