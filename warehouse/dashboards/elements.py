"""HTML elements of the sections, and their form as JSON trees, from which assets/page.js updates the page.

Sections are not given to Dash as children: it rebuilds children that are replaced, which flickers and loses the focus.
The script of the page changes only the nodes that differ.
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
BROWSER_TEXT = "browser-text"  # class of an element whose text page.js writes, e.g. an age; a refresh does not touch it


def hyphenated(**attributes: str) -> Any:
    """Keyword arguments for aria-* and data-* attributes, e.g. `html.P("x", **hyphenated(aria_hidden="true"))`."""
    return {name.replace("_", "-"): value for name, value in attributes.items()}


def visual_only(text: str, class_name: str) -> html.Span:
    """A symbol that screen readers skip; text beside it says the same."""
    return html.Span(text, className=class_name, **hyphenated(aria_hidden="true"))


def screen_reader_only(text: str) -> html.Span:
    """Text that only screen readers get; a symbol beside it says the same."""
    return html.Span(text, className="screen-reader-only")


def to_json_tree(node: Any) -> Any:
    """A component tree as strings and `{tag, attributes, color, children}`, ready for JSON; None becomes `[]`.

    Raises:
        ValueError: an attribute that is neither in `ATTRIBUTES` nor aria-* or data-*.
    """
    if node is None:
        return []
    if isinstance(node, list | tuple):
        return [to_json_tree(child) for child in node]
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
        "children": [to_json_tree(child) for child in children],
    }


def _attribute(name: str) -> str:
    if name.startswith(("aria-", "data-")):
        return name
    if name not in ATTRIBUTES:
        raise ValueError(f"a section may not set the attribute {name!r}")
    return ATTRIBUTES[name]
