"""Utilisation: the share of each shift in which a machine was producing."""

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.reports import charts, words
from warehouse.reports.charts import Chart
from warehouse.reports.rows import Shift, ShiftUse
from warehouse.reports.tables import Cell, Column, Table, make_table
from warehouse.reports.window import MINUTE


@dataclass(frozen=True)
class Use:
    """Minutes of some shifts together: planned, with data, producing."""

    planned: int
    with_data: int
    producing: int

    @property
    def share(self) -> float | None:
        """producing / planned, 0 to 1; None without data."""
        return self.producing / self.planned if self.with_data else None


def utilisation_chart(rows: Sequence[ShiftUse], shifts: Sequence[Shift]) -> Chart:
    """A matrix of machines and shifts; grey: no data, empty: not planned."""
    title = "Utilisation per machine and shift (% of planned minutes)"
    notes = (
        "A shift counts in the window in which it begins, as far as its minutes have arrived.",
        *_shift_note(shifts),
    )
    if not rows:
        return charts.empty_chart(
            "utilisation", title, "No machine with data was planned for a shift that began in the window.", notes
        )
    uses = {key: _add(rows, key) for key in sorted({(row.machine_id, row.shift) for row in rows})}
    machines = sorted({name for name, _ in uses})
    present = {shift for _, shift in uses}
    order = [shift.shift for shift in shifts if shift.shift in present]
    names = [*order, *sorted(present - set(order))]
    missing = sum(row.minutes_in_shift - row.minutes_with_data for row in rows)
    lost = (
        (f"{words.duration(missing * MINUTE)} of the planned time have no readings and count as not producing.",)
        if missing
        else ()
    )
    reading = ("Empty: the machine is not planned in that shift. “no data”: planned, but no readings at all.",)
    figure = _matrix(uses, machines, names)
    return Chart("utilisation", title, _notice(rows, uses), figure, _table(rows), (*notes, *lost, *reading))


def _add(rows: Sequence[ShiftUse], key: tuple[str, str]) -> Use:
    of = [row for row in rows if (row.machine_id, row.shift) == key]
    return Use(
        sum(row.minutes_in_shift for row in of),
        sum(row.minutes_with_data for row in of),
        sum(row.minutes_producing for row in of),
    )


def _matrix(uses: dict[tuple[str, str], Use], machines: Sequence[str], shifts: Sequence[str]) -> charts.Figure:
    cells = [[uses.get((machine, shift)) for shift in shifts] for machine in machines]
    z = [[cell.share if cell else None for cell in row] for row in cells]
    text = [[_percent(cell) for cell in row] for row in cells]
    axes = {"xaxis": charts.top_axis(shifts), "yaxis": charts.name_axis(machines)}
    return {"data": [charts.heatmap(z, text, zmax=1)], "layout": charts.layout(60 + 30 * len(machines), **axes)}


def _percent(cell: Use | None) -> str:
    if cell is None:
        return ""
    return "no data" if cell.share is None else f"{100 * cell.share:.0f} %"


def _notice(rows: Sequence[ShiftUse], uses: dict[tuple[str, str], Use]) -> str:
    producing, planned = sum(row.minutes_producing for row in rows), sum(row.minutes_in_shift for row in rows)
    known = {key: use.share for key, use in uses.items() if use.share is not None}
    start = f"Machines were producing in {words.percent(producing, planned)} of {planned / 60:,.0f} planned hours"
    if not known:
        return f"{start}; there are no readings of any shift."
    (machine, shift), share = min(known.items(), key=lambda item: (item[1], item[0]))
    return f"{start}; lowest: {machine} in the {shift} shift with {100 * share:.0f} %."


def _table(rows: Sequence[ShiftUse]) -> Table:
    columns: list[Column | str] = [
        "Machine",
        "Shift",
        "Day (local)",
        Column("Planned (min)", is_shown=False),
        Column("With data (min)", is_shown=False),
        Column("Producing (min)", is_shown=False),
        Column("Utilisation (%)", 0),
        Column("From (UTC)", is_shown=False),
        Column("To (UTC)", is_shown=False),
        Column("Line", is_shown=False),
        Column("Site", is_shown=False),
    ]
    lowest_first = sorted(rows, key=lambda row: (_share(row), row.machine_id, row.starts_at, row.shift))
    return make_table(columns, [_table_row(row) for row in lowest_first])


def _table_row(row: ShiftUse) -> tuple[Cell, ...]:
    share = round(100 * _share(row), 1) if row.minutes_with_data else None
    minutes = (row.minutes_in_shift, row.minutes_with_data, row.minutes_producing)
    return (row.machine_id, row.shift, row.shift_date, *minutes, share, row.starts_at, row.ends_at, row.line, row.site)


def _share(row: ShiftUse) -> float:
    return row.minutes_producing / row.minutes_in_shift


def _shift_note(shifts: Sequence[Shift]) -> tuple[str, ...]:
    if not shifts:
        return ()
    hours = ", ".join(f"{shift.shift} {shift.starts_at:%H:%M}\u2013{shift.ends_at:%H:%M}" for shift in shifts)
    return (f"Shifts in local time ({', '.join(sorted({shift.time_zone for shift in shifts}))}): {hours}.",)
