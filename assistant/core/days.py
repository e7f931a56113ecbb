"""Spoken date fields -> the days that may be meant, likeliest first.

Neighbours: `when` lists the fields and adds the time of day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

Fields = Mapping[str, object]


class NoSuchMoment(ValueError):
    """The words name no real moment ("31 February")."""


def number(fields: Fields, key: str, otherwise: int = 0) -> int:
    value = fields.get(key, otherwise)
    return value if isinstance(value, int) else otherwise


def date_of(year: int, month: int, dom: int) -> date:
    """Raises NoSuchMoment."""
    try:
        return date(year, month, dom)
    except ValueError as problem:
        raise NoSuchMoment from problem


def possible_days(fields: Fields, today: date) -> list[date]:
    """The days that may be meant, likeliest first; no field means today and tomorrow."""
    weeks = timedelta(weeks=number(fields, "weeks"))
    if "day" in fields:
        return [today + timedelta(days=number(fields, "day")) + weeks]
    if "weekday" in fields and "dom" not in fields:
        return [day + weeks for day in _weekdays(fields, today)]
    if "dom" in fields:
        return _of_month(fields, today)
    return []


def first_and_last(fields: Fields, today: date) -> tuple[date, date]:
    """Of a range of days; a month that is said once counts for both ends."""
    end = {key[:-2]: value for key, value in fields.items() if key.endswith("_2")}
    begin = {key: value for key, value in fields.items() if not key.endswith("_2")}
    if "dom" in begin and number(begin, "dom") <= number(end, "dom"):
        begin = {"month": end["month"], **begin} if "month" in end else begin
    end |= {"year": begin["year"]} if "year" in begin else {}
    first = possible_days(begin, today)[0]
    return first, possible_days(end, first)[0]


def _weekdays(fields: Fields, today: date) -> list[date]:
    weekday = number(fields, "weekday")
    coming = today + timedelta(days=(weekday - today.weekday()) % 7)
    week = timedelta(days=7)
    this_week = today + timedelta(days=weekday - today.weekday())
    later = coming + week if coming == today else coming
    if fields.get("period") == "week":
        step = {"next": 1, "coming": 1, "after": 2, "last": -1}.get(str(fields.get("which")), 0)
        return [this_week + step * week]
    match fields.get("which"):
        case "next":
            return list(dict.fromkeys([this_week + week, later]))
        case "coming":
            return list(dict.fromkeys([later, this_week + week]))
        case "last":
            return [this_week if this_week < today else this_week - week]
        case _:
            return [coming, coming + week] if coming == today else [coming]


def _of_month(fields: Fields, today: date) -> list[date]:
    dom = number(fields, "dom")
    if "month" in fields:
        return [_day_and_month(fields, today)]
    first = today.year * 12 + today.month - 1
    for month in range(first, first + 12):
        try:
            day = date(month // 12, month % 12 + 1, dom)
        except ValueError:
            continue
        if day >= today and _fits_weekday(fields, day):
            return [day]
    raise NoSuchMoment


def _fits_weekday(fields: Fields, day: date) -> bool:
    return "weekday" not in fields or day.weekday() == fields["weekday"]


def _day_and_month(fields: Fields, today: date) -> date:
    """This year's, or next year's once it is past; a leap day waits for its year."""
    dom, month = number(fields, "dom"), number(fields, "month")
    if "year" in fields:
        return date_of(number(fields, "year"), month, dom)
    if dom > 28:
        date_of(2024, month, dom)  # no such day in any year: raises
    for year in range(today.year, today.year + 5):
        try:
            day = date(year, month, dom)
        except ValueError:
            continue
        if day >= today:
            return day
    raise NoSuchMoment
