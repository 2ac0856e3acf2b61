"""The current time in a time zone, a city, or at an offset from UTC."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from clarifai_chat.tools.builtins.given import BadArguments, first_text, short, text

PLACE = (
    "timezone", "zone", "tz", "timezonename", "timezoneid", "city", "location", "place", "region",
    "area", "country", "where",
)  # fmt: skip

# Cities as people name them. The Demo model recognizes places by this table, too.
CITIES = {
    "amsterdam": "Europe/Amsterdam", "beijing": "Asia/Shanghai", "berlin": "Europe/Berlin",
    "boston": "America/New_York", "cairo": "Africa/Cairo", "chicago": "America/Chicago",
    "delhi": "Asia/Kolkata", "dublin": "Europe/Dublin", "lisbon": "Europe/Lisbon",
    "london": "Europe/London", "los angeles": "America/Los_Angeles", "madrid": "Europe/Madrid",
    "mumbai": "Asia/Kolkata", "munich": "Europe/Berlin", "new york": "America/New_York",
    "osaka": "Asia/Tokyo", "oslo": "Europe/Oslo", "paris": "Europe/Paris", "rome": "Europe/Rome",
    "san francisco": "America/Los_Angeles", "sao paulo": "America/Sao_Paulo",
    "seattle": "America/Los_Angeles", "shanghai": "Asia/Shanghai", "singapore": "Asia/Singapore",
    "sydney": "Australia/Sydney", "tallinn": "Europe/Tallinn", "tokyo": "Asia/Tokyo",
    "toronto": "America/Toronto", "vienna": "Europe/Vienna", "washington": "America/New_York",
    "zurich": "Europe/Zurich",
}  # fmt: skip
_SPOKEN = {
    "são paulo": "America/Sao_Paulo", "zürich": "Europe/Zurich", "nyc": "America/New_York",
    "new york city": "America/New_York", "france": "Europe/Paris", "germany": "Europe/Berlin",
    "india": "Asia/Kolkata", "china": "Asia/Shanghai", "uk": "Europe/London",
    "et": "America/New_York", "edt": "America/New_York", "est": "America/New_York",
    "ct": "America/Chicago", "cst": "America/Chicago", "cdt": "America/Chicago",
    "pt": "America/Los_Angeles", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
    "bst": "Europe/London", "cest": "Europe/Paris", "jst": "Asia/Tokyo", "ist": "Asia/Kolkata",
}  # fmt: skip
_UTC = ("", "utc", "gmt", "z", "zulu", "etc/utc")


def current_time(given: Mapping[str, Any], now: datetime | None = None) -> dict[str, Any]:
    """Return the current time: ISO time, zone, weekday, offset; in UTC when no place is given."""
    asked = text(given, PLACE) or first_text(given)
    name, zone = _zone(asked)
    time = (now or datetime.now(UTC)).astimezone(zone)
    offset = time.strftime("%z")
    return {
        "time": time.isoformat(timespec="seconds"),
        "timezone": name,
        "weekday": _WEEKDAYS[time.weekday()],
        "utc_offset": f"{offset[:3]}:{offset[3:5]}",
    }


# strftime would use the language of the machine.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _zone(asked: str) -> tuple[str, tzinfo]:
    """Return the name of the zone that `asked` means, and the zone."""
    wish = " ".join(asked.lower().split())
    if wish in _UTC:
        return "UTC", UTC
    if offset := re.fullmatch(r"(?:utc|gmt)? ?([+\-\u2212])(\d{1,2})(?::?(\d\d))?", wish):
        return _fixed(offset[1] == "+", int(offset[2]), int(offset[3] or 0))
    for part in (wish, wish.partition(",")[0].strip(), wish.replace(" ", "_")):
        known = CITIES.get(part) or _SPOKEN.get(part) or _names().get(part)
        if known:
            try:
                return known, ZoneInfo(known)
            except (ZoneInfoNotFoundError, OSError):
                break  # this machine has no time zone data
    if not _names():
        raise BadArguments("This machine has no time zone data; only UTC and offsets are known.")
    raise BadArguments(
        f'The time zone of "{short(asked)}" is not known.'
        " Give a zone such as Europe/Paris, a large city, or an offset such as UTC+2."
    )


def _fixed(is_east: bool, hours: int, minutes: int) -> tuple[str, tzinfo]:
    if hours > 14 or minutes > 59:
        raise BadArguments("An offset from UTC is at most 14 hours.")
    away = timedelta(hours=hours, minutes=minutes)
    name = f"UTC{'+' if is_east else '-'}{hours:02}:{minutes:02}"
    return name, timezone(away if is_east else -away)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Return every zone by its lowercase name and by its city: `america/new_york`, `new york`."""
    zones = sorted(available_timezones())
    cities = {zone.rpartition("/")[2].replace("_", " ").lower(): zone for zone in zones}
    return cities | {zone.lower(): zone for zone in zones}
