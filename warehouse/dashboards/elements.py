"""HTML elements of the sections: how they are written, and the plain tree that the browser makes of them.

Sections are not handed to Dash as children: it builds replaced children anew, which flickers and loses the focus. The
script of the page changes only what differs.
"""

from typing import Any

from dash import html
from dash.development.base_component import Component

# Attributes that a section may set, by Dash's name; nothing that could run a script is among them.
ATTRIBUTES = {
    "className": "class",
    "tabIndex": "tabindex",
    "id": "id",
    "title": "title",
    "src": "src",
    "alt": "alt",
    "href": "href",
    "scope": "scope",
    "dir": "dir",
    "role": "role",
}
BROWSER_WRITES = "counted"  # class of an element whose text the browser counts on; a refresh leaves it alone


def also(**attributes: str) -> Any:
    """aria-* and data-* attributes, e.g. `html.P("x", **also(aria_hidden="true"))`."""
    return {name.replace("_", "-"): value for name, value in attributes.items()}


def unspoken(text: str, class_name: str) -> html.Span:
    """A sign for the eyes only; words beside it say the same."""
    return html.Span(text, className=class_name, **also(aria_hidden="true"))


def heard(text: str) -> html.Span:
    """Words for the ears only; a sign beside them says the same."""
    return html.Span(text, className="heard")


def plain(node: Any) -> Any:
    """A component tree as text and `{tag, attributes, color, children}`, ready for JSON.

    Raises:
        ValueError: an attribute that sections may not set.
    """
    if node is None:
        return []
    if isinstance(node, list | tuple):
        return [plain(child) for child in node]
    if not isinstance(node, Component):
        return str(node)
    properties = node.to_plotly_json()["props"]  # type: ignore[no-untyped-call]  # Dash leaves it without types
    style, children = properties.pop("style", {}), properties.pop("children", None)
    children = children if isinstance(children, list | tuple) else [] if children is None else [children]
    attributes = {_attribute(name): str(value) for name, value in properties.items()}
    return {
        "tag": type(node).__name__.lower(),
        "attributes": attributes,
        "color": style.get("color", ""),
        "children": [plain(child) for child in children],
    }


def _attribute(name: str) -> str:
    if name.startswith(("aria-", "data-")):
        return name
    if name not in ATTRIBUTES:
        raise ValueError(f"a section may not set the attribute {name!r}")
    return ATTRIBUTES[name]
