"""Small helpers around Dash's HTML elements."""

from typing import Any

from dash import html


def also(**attributes: str) -> Any:
    """aria-* and data-* attributes, e.g. `html.P("x", **also(aria_hidden="true"))`."""
    return {name.replace("_", "-"): value for name, value in attributes.items()}


def unspoken(text: str, class_name: str) -> html.Span:
    """A sign for the eyes only; words beside it say the same."""
    return html.Span(text, className=class_name, **also(aria_hidden="true"))


def heard(text: str) -> html.Span:
    """Words for the ears only; a sign beside them says the same."""
    return html.Span(text, className="heard")
