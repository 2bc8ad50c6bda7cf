"""Machines to look at, worst first, each with its reasons in words."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from warehouse.dashboards import labels
from warehouse.dashboards.live.machine_status import SILENT_AFTER
from warehouse.reports import charts, words
from warehouse.reports.charts import Chart
from warehouse.reports.rows import Anomaly, DataGap, Failure, Machine, MachineGap, ReportRows, has_readings
from warehouse.reports.tables import make_table
from warehouse.reports.window import MINUTE

NOT_REPAIRED, SILENT, OUTSIDE, FAILED, GAPS, UNUSUAL = range(6)  # urgency of a reason, the first is the most urgent
LEAST_MISSING, LEAST_UNUSUAL = 10 * MINUTE, 10  # less time without data, or fewer minutes, are no reason to look
NO_READINGS = "No machine sent a reading in the window."
Reason = tuple[int, str]


def attention_list(rows: ReportRows) -> Chart:
    """A table of the machines that need a look: the most urgent reason decides the order, then how many there are."""
    title = "Machines to look at, and why"
    reasons = find_reasons(rows)
    ranked = sorted(reasons, key=lambda name: (min(reasons[name])[0], -len(reasons[name]), name))
    places = {machine.machine_id: describe_machine(machine) for machine in rows.machines}
    sent = [machine for machine in rows.machines if machine.last_minute]
    notes = (*words.gap_note(rows.data_gaps, "readings", rows.window, is_drawn=False), *_never_note(rows.machines))
    if not ranked and not has_readings(rows.machines, rows.window):
        return charts.empty_chart("attention", title, NO_READINGS, notes)
    if not ranked:
        return charts.empty_chart("attention", title, f"None of {len(sent)} machines needs a look.", notes)
    table = make_table(
        ["Machine", "Kind, line, site", "Why"],
        [(name, places.get(name, ""), "; ".join(text for _, text in sorted(reasons[name]))) for name in ranked],
    )
    verb = "needs" if len(ranked) == 1 else "need"
    notice = f"{len(ranked)} of {words.count(len(sent), 'machine')} {verb} a look, first {words.names(ranked)}."
    return Chart("attention", title, notice, None, table, notes)


def find_reasons(rows: ReportRows) -> dict[str, list[Reason]]:
    """Machine -> its reasons; a machine without any is missing."""
    reasons: dict[str, list[Reason]] = defaultdict(list)
    for name, reason in (
        *_failure_reasons(rows.failures),
        *_gap_reasons(rows.machine_gaps, rows.data_gaps),
        *_anomaly_reasons(rows.anomalies),
    ):
        reasons[name].append(reason)
    return dict(reasons)


def describe_machine(machine: Machine) -> str:
    """`lathe, turning, joinville`; "not described" for one that only sends data."""
    return ", ".join(filter(None, (machine.model, machine.line, machine.site))) or "not described"


def describe_anomaly(row: Anomaly) -> str:
    """`vibration above its limit of 4.50 mm/s in 42 minutes, up to 5.40 mm/s, last on 8 Mar 03:59`."""
    unit = labels.unit_name(row.unit)
    extreme = f"{labels.format_reading(row.sensor, row.extreme)} {unit}"
    limit = f" of {labels.format_reading(row.sensor, row.limit_value)} {unit}" if row.limit_value is not None else ""
    what = row.kind.replace("limit", "its limit") + limit
    reached = "up to" if row.kind in ("above limit", "unusually high") else "down to"
    return (
        f"{labels.sensor_name(row.sensor).lower()} {what} in {words.count(row.minutes, 'minute')}, {reached} "
        f"{extreme}, last on {words.short(row.last_minute)}"
    )


def own_gaps(gaps: Sequence[MachineGap], data_gaps: Sequence[DataGap]) -> list[MachineGap]:
    """The gaps of single machines: without those in which no machine at all sent data."""
    common = [gap for gap in data_gaps if gap.stream == "readings"]
    return [
        gap
        for gap in gaps
        if not any(all_.starts_at <= gap.starts_at and gap.ends_at <= all_.ends_at for all_ in common)
    ]


def _failure_reasons(failures: Sequence[Failure]) -> Iterator[tuple[str, Reason]]:
    repaired: dict[str, list[timedelta]] = defaultdict(list)
    for row in failures:
        if row.repaired_at is None:
            cause = f" ({row.detail})" if row.detail else ""
            yield row.machine_id, (NOT_REPAIRED, f"failed on {words.short(row.failed_at)} and is not repaired{cause}")
        else:
            repaired[row.machine_id].append(row.repaired_at - row.failed_at)
    for name, lengths in repaired.items():
        average = words.duration(sum(lengths, timedelta()) / len(lengths))
        many = "repaired after" if len(lengths) == 1 else "repaired after an average of"
        yield name, (FAILED, f"{words.count(len(lengths), 'failure')}, {many} {average}")


def _gap_reasons(gaps: Sequence[MachineGap], data_gaps: Sequence[DataGap]) -> Iterator[tuple[str, Reason]]:
    missing: dict[str, list[int]] = defaultdict(list)
    for gap in own_gaps(gaps, data_gaps):
        if gap.is_open and gap.minutes * MINUTE > SILENT_AFTER:
            yield gap.machine_id, (SILENT, f"no data since {words.short(gap.starts_at)}")
        else:
            missing[gap.machine_id].append(gap.minutes)
    for name, minutes in missing.items():
        total = sum(minutes) * MINUTE
        if total >= LEAST_MISSING:
            yield name, (GAPS, f"no data for {words.duration(total)} in {words.count(len(minutes), 'gap')}")


def _anomaly_reasons(anomalies: Sequence[Anomaly]) -> Iterator[tuple[str, Reason]]:
    """One reason per sensor that left its limits; all that is only unusual for the machine is one reason."""
    unusual: dict[str, list[Anomaly]] = defaultdict(list)
    for row in anomalies:
        if row.kind in ("above limit", "below limit"):
            yield row.machine_id, (OUTSIDE, describe_anomaly(row))
        else:
            unusual[row.machine_id].append(row)
    for name, found in unusual.items():
        minutes = found[0].machine_minutes - found[0].machine_minutes_outside
        if minutes >= LEAST_UNUSUAL:
            sensors = sorted({labels.sensor_name(row.sensor).lower() for row in found})
            many = words.count(minutes, "minute")
            yield (
                name,
                (
                    UNUSUAL,
                    describe_anomaly(found[0]) if len(found) == 1 else f"unusual {words.names(sensors, 6)} in {many}",
                ),
            )


def _never_note(machines: Sequence[Machine]) -> tuple[str, ...]:
    never = [machine.machine_id for machine in machines if not machine.last_minute]
    if not never:
        return ()
    return (f"Described, but never sent a reading: {words.names(never, 6)}.",)
