"""HTML elements as text: whatever is not `Html` is escaped, so that no text from the database becomes markup."""

import html
import unicodedata
from collections.abc import Iterable

from warehouse.dashboards.labels import BIDI_CONTROLS

VOID = frozenset({"br", "meta"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | Iterable[str] | None


def element(tag: str, *children: Child, **attributes: str | bool | None) -> Html:
    """`<tag attributes>children</tag>`; `class_` and `data_x` become class and data-x; None and False are left out."""
    words = "".join(
        _attribute(name, value) for name, value in attributes.items() if value is not None and value is not False
    )
    content = "".join(_flatten(children))
    return Html(f"<{tag}{words}>" if tag in VOID else f"<{tag}{words}>{content}</{tag}>")


def escape(text: str) -> Html:
    """A text as markup; controls that would hide it or turn its direction around are removed."""
    if isinstance(text, Html):
        return text
    visible = "".join(c for c in text.translate(BIDI_CONTROLS) if unicodedata.category(c) != "Cc" or c in "\n\t")
    return Html(html.escape(visible, quote=True))


def join(parts: Iterable[str]) -> Html:
    """Parts one after the other, each escaped unless it is markup."""
    return Html("".join(escape(part) for part in parts))


def _flatten(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if isinstance(child, str):
            yield escape(child)
        elif child is not None:
            yield from (escape(part) for part in child)


def _attribute(name: str, value: str | bool) -> str:
    attribute = name.rstrip("_").replace("_", "-")
    return f" {attribute}" if value is True else f' {attribute}="{escape(str(value))}"'
