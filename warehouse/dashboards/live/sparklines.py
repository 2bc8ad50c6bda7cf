"""Sparklines as SVG images: sixty of them cost a browser less than one Plotly figure. Pure functions of numbers."""

from collections.abc import Sequence

BARS_WIDTH, WIDTH, HEIGHT, PAD = 132, 104, 30, 3
LINE, BAND, ALARM, FAINT = "#2a7fcf", "#7f8b97", "#d1390f", "#7fb0de"  # readable on the light and on the dark panel

Range = tuple[float, float]


def bars(values: Sequence[int]) -> str:
    """Counts per minute as bars from zero, as a data: URL; the last bar is fainter because its minute is incomplete."""
    highest = max([*values, 1])
    step = BARS_WIDTH / max(len(values), 1)
    shapes = [
        _bar(index * step, step, max((HEIGHT - PAD) * value / highest, 0.8)) if value else ""
        for index, value in enumerate(values)
    ]
    complete, incomplete = "".join(shapes[:-1]), "".join(shapes[-1:])
    return _image([f"<path d='{complete}' fill='{LINE}'/>", f"<path d='{incomplete}' fill='{FAINT}'/>"], BARS_WIDTH)


def line(values: Sequence[float | None], band: Range | None, limits: Range | None) -> str:
    """Averages per minute as a line, a gap where a minute is missing, over the normal band; limits are dashed.

    Only limits near the data are drawn: a distant one would flatten the line. Returns a data: URL.
    """
    runs = _runs(values)
    if not runs:
        return _image([])
    low, high = _scale([value for run in runs for _, value in run], band)
    shapes = [_band(band, low, high)] if band else []
    shapes += [_limit(limit, low, high) for limit in limits or () if low <= limit <= high]
    shapes += [_path(run, low, high, len(values)) for run in runs]
    last, newest = runs[-1][-1]
    is_outside = limits is not None and not limits[0] <= newest <= limits[1]
    shapes.append(_dot(_x(last, len(values)), _y(newest, low, high), is_outside))
    return _image(shapes)


def _scale(present: Sequence[float], band: Range | None) -> Range:
    edges = [*present, *(band or ())]
    low, high = min(edges), max(edges)
    margin = (high - low) * 0.08 or max(abs(high) * 0.02, 0.5)
    return low - margin, high + margin


def _bar(x: float, step: float, height: float) -> str:
    return f"M{x:.1f} {HEIGHT}v-{height:.1f}h{step - 0.5:.1f}v{height:.1f}z"


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((index, value))
    return [run for run in runs if run]


def _x(index: int, length: int) -> float:
    return PAD + (WIDTH - 2 * PAD) * index / max(length - 1, 1)


def _y(value: float, low: float, high: float) -> float:
    return PAD + (HEIGHT - 2 * PAD) * (high - value) / (high - low)


def _path(run: Sequence[tuple[int, float]], low: float, high: float, length: int) -> str:
    points = " ".join(f"{_x(index, length):.1f},{_y(value, low, high):.1f}" for index, value in run)
    return f"<polyline points='{points}' fill='none' stroke='{LINE}' stroke-width='1.6' stroke-linejoin='round'/>"


def _band(band: Range, low: float, high: float) -> str:
    top, bottom = _y(band[1], low, high), _y(band[0], low, high)
    return f"<rect y='{top:.1f}' width='{WIDTH}' height='{bottom - top:.1f}' fill='{BAND}' fill-opacity='.22'/>"


def _limit(limit: float, low: float, high: float) -> str:
    y = _y(limit, low, high)
    return f"<path d='M0 {y:.1f}h{WIDTH}' stroke='{ALARM}' stroke-dasharray='4 3'/>"


def _dot(x: float, y: float, is_outside: bool) -> str:
    if is_outside:  # a triangle instead of a dot, not only another colour
        return f"<path d='M{x - 4:.1f} {y + 3.5:.1f}h8l-4 -7z' fill='{ALARM}'/>"
    return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.4' fill='{LINE}'/>"


def _image(shapes: Sequence[str], width: int = WIDTH) -> str:
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {HEIGHT}'>{''.join(shapes)}</svg>"
    return "data:image/svg+xml," + svg.replace("%", "%25").replace("#", "%23")  # % and # have a meaning in URLs
