"""The Dash app: one shared refresh whose callback fetches the picture and hands out what changed."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg2
from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from warehouse.dashboards.elements import plain
from warehouse.dashboards.live.health import render_banner
from warehouse.dashboards.live.layout import INDEX, SPANS, build_layout
from warehouse.dashboards.live.queries import SnapshotReader
from warehouse.dashboards.live.sections import Drawing, draw
from warehouse.dashboards.refresh_cache import RefreshCache, Shown
from warehouse.dashboards.security import secure
from warehouse.database.connections import ConnectionPool
from warehouse.errors import DatabaseAbsent, WarehouseError
from warehouse.settings import PageSettings

Album = Mapping[int, RefreshCache[Drawing]]
DEFAULT_SPAN = next(iter(SPANS))
STORES = ("sections", "marks", "figure", "heartbeat")


def build_refresh_cache(pool: ConnectionPool, refresh_seconds: float) -> Album:
    """A picture for each length of ranking that a viewer can choose; one that nobody looks at is never drawn."""
    reader = SnapshotReader(pool)

    def pictures(span: int) -> RefreshCache[Drawing]:
        return RefreshCache(lambda before: draw(reader.read(span), before), explain, refresh_seconds)

    return {span: pictures(span) for span in SPANS}


def build_app(album: Album, page: PageSettings) -> Dash:
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
    app.layout = lambda: _layout(album[DEFAULT_SPAN].current(), page.refresh_seconds)
    _add_callbacks(app, album)
    secure(app.server, app.csp_hashes(), page.host)
    return app


def explain(error: Exception) -> str:
    """Trouble with the database as one sentence for people who do not run it."""
    if isinstance(error, DatabaseAbsent):
        return "The database is not answering."
    if isinstance(error, psycopg2.errors.QueryCanceled):
        return "The database takes very long to answer."
    if isinstance(error, WarehouseError | psycopg2.errors.UndefinedTable | psycopg2.errors.InsufficientPrivilege):
        return "The warehouse is not ready; whoever runs it should start ./spark-submit.sh migrate."
    return f"The page cannot be renewed ({type(error).__name__}); the log says why."


def _layout(shown: Shown[Drawing], refresh_seconds: float) -> Any:
    picture = shown.picture
    return build_layout(picture.sections if picture else {}, picture.marks if picture else {}, refresh_seconds)


def _add_callbacks(app: Dash, album: Album) -> None:
    @app.callback(
        output={name: Output(name, "data") for name in STORES},
        inputs=[Input("refresh", "n_intervals"), Input("span", "value"), State("marks", "data")],
    )
    def refresh(_: int | None, span: int, marks: Mapping[str, str] | None) -> dict[str, Any]:
        pictures = album.get(span) or album[DEFAULT_SPAN]
        return answer(pictures.current(), marks or {})

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


def answer(shown: Shown[Drawing], marks: Mapping[str, str]) -> dict[str, Any]:
    """What one browser needs: sections whose mark differs from its own, trouble if any, and the server's clock."""
    heartbeat = {"now": round(time.time() * 1000)}
    picture = shown.picture
    banner = plain(render_banner(shown.problem, picture.snapshot.read_at if picture else None))
    if picture is None:
        return {"sections": {"banner": banner}, "marks": no_update, "figure": no_update, "heartbeat": heartbeat}
    changed = {name: tree for name, tree in picture.sections.items() if marks.get(name) != picture.marks[name]}
    # The first answer brings the chart; later ones only when its rows are others.
    is_same_chart = "chart" in marks and "hashtags" not in changed
    return {
        "sections": {**changed, "banner": banner},
        "marks": {**picture.marks, "chart": "shown"},
        "figure": no_update if is_same_chart else picture.figure,
        "heartbeat": heartbeat,
    }
