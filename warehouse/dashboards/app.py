"""The Dash app: one shared refresh for all viewers; its callback sends each browser only the sections that changed."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg2
from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from warehouse.dashboards.elements import to_json_tree
from warehouse.dashboards.live.health import render_banner
from warehouse.dashboards.live.layout import INDEX, SPANS, build_layout
from warehouse.dashboards.live.queries import SnapshotReader
from warehouse.dashboards.live.sections import RenderedPage, render_page
from warehouse.dashboards.refresh_cache import CachedValue, RefreshCache
from warehouse.dashboards.security import secure
from warehouse.database.connections import ConnectionPool
from warehouse.errors import DatabaseAbsent, WarehouseError
from warehouse.settings import PageSettings

Caches = Mapping[int, RefreshCache[RenderedPage]]
"""Minutes over which hashtags are ranked -> the page rendered with that ranking."""
DEFAULT_SPAN = next(iter(SPANS))
STORES = ("sections", "fingerprints", "figure", "heartbeat")
"""Ids of the browser stores that a refresh fills."""


def build_refresh_caches(pool: ConnectionPool, refresh_seconds: float) -> Caches:
    """One cache per ranking span that a viewer can choose; a span that no viewer has chosen costs no queries."""
    reader = SnapshotReader(pool)

    def build_cache(span: int) -> RefreshCache[RenderedPage]:
        return RefreshCache(lambda previous: render_page(reader.read(span), previous), explain, refresh_seconds)

    return {span: build_cache(span) for span in SPANS}


def build_app(caches: Caches, page: PageSettings) -> Dash:
    """The app, ready to be served as `app.server`."""
    app = Dash(
        "afluente",
        title="Afluente",
        update_title="",
        assets_folder=str(Path(__file__).parent / "assets"),
        serve_locally=True,
        index_string=INDEX,
        health_endpoint="health",
        add_log_handler=False,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
            {"name": "description", "content": "Live hashtags and machines"},
        ],
    )
    app.layout = lambda: _layout(caches[DEFAULT_SPAN].current(), page.refresh_seconds)
    _add_callbacks(app, caches)
    secure(app.server, app.csp_hashes(), page.host)
    return app


def explain(error: Exception) -> str:
    """A failed refresh as one sentence for viewers, who do not run the database."""
    if isinstance(error, DatabaseAbsent):
        return "The database is not answering."
    if isinstance(error, psycopg2.errors.QueryCanceled):
        return "The database takes very long to answer."
    if isinstance(error, WarehouseError | psycopg2.errors.UndefinedTable | psycopg2.errors.InsufficientPrivilege):
        return "The database is not set up yet; its operator should run ./spark-submit.sh migrate."
    return f"The page cannot be refreshed ({type(error).__name__}); the server's log has the reason."


def _layout(cached: CachedValue[RenderedPage], refresh_seconds: float) -> Any:
    rendered = cached.value
    return build_layout(
        rendered.sections if rendered else {}, rendered.fingerprints if rendered else {}, refresh_seconds
    )


def _add_callbacks(app: Dash, caches: Caches) -> None:
    @app.callback(
        output={name: Output(name, "data") for name in STORES},
        inputs=[Input("refresh", "n_intervals"), Input("span", "value"), State("fingerprints", "data")],
    )
    def refresh(_: int | None, span: int, fingerprints: Mapping[str, str] | None) -> dict[str, Any]:
        cache = caches.get(span) or caches[DEFAULT_SPAN]
        return answer(cache.current(), fingerprints or {})

    in_browser: Callable[..., None] = app.clientside_callback  # Dash leaves this method without types
    in_browser(ClientsideFunction("page", "beat"), Input("heartbeat", "data"))
    in_browser(ClientsideFunction("page", "show"), Input("first-sections", "data"))
    in_browser(ClientsideFunction("page", "show"), Input("sections", "data"))
    in_browser(ClientsideFunction("page", "redraw"), Input("figure", "data"))
    in_browser(
        ClientsideFunction("page", "makeChart"),
        Output("chart-place", "children"),
        Input("painted", "data"),
        State("figure", "data"),
    )
    in_browser(
        ClientsideFunction("page", "pause"),
        Output("refresh", "disabled"),
        Output("pause", "children"),
        Output("pause", "aria-pressed"),
        Input("pause", "n_clicks"),
    )


def answer(cached: CachedValue[RenderedPage], fingerprints: Mapping[str, str]) -> dict[str, Any]:
    """The new content of each store in `STORES` for one browser, which reports the `fingerprints` of what it shows.

    Sections and figure are sent only if they changed; the banner, with the problem if there is one, and the server's
    clock always.
    """
    heartbeat = {"now": round(time.time() * 1000)}
    rendered = cached.value
    banner = to_json_tree(render_banner(cached.problem, rendered.snapshot.read_at if rendered else None))
    if rendered is None:
        return {"sections": {"banner": banner}, "fingerprints": no_update, "figure": no_update, "heartbeat": heartbeat}
    current = rendered.fingerprints
    changed = {name: tree for name, tree in rendered.sections.items() if fingerprints.get(name) != current[name]}
    # The first answer contains the chart; later ones only if its rows changed.
    is_same_chart = "chart" in fingerprints and "hashtags" not in changed
    return {
        "sections": {**changed, "banner": banner},
        "fingerprints": {**current, "chart": "shown"},
        "figure": no_update if is_same_chart else rendered.figure,
        "heartbeat": heartbeat,
    }
