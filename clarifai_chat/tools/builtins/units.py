"""Convert a value: length, mass, temperature, volume, speed, area, data, time."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarifai_chat.tools.builtins.given import BadArguments, first_text, number, short, text, tidy

VALUE = ("value", "amount", "quantity", "number", "magnitude", "measurement", "temperature", "size")
FROM = ("from", "fromunit", "unitfrom", "sourceunit", "source", "inputunit", "originalunit", "unit")
TO = ("to", "tounit", "unitto", "targetunit", "target", "outputunit", "desiredunit", "destination")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a multiple of its quantity's base unit, after adding `zero` (temperatures)."""

    name: str
    quantity: str
    factor: float
    zero: float = 0


# quantity: unit = factor | other names. A plural in -s needs no entry.
_TABLE = {
    "length": """
        m = 1 | meter metre | km = 1000 | kilometer kilometre | cm = 0.01 | centimeter centimetre
        mm = 0.001 | millimeter millimetre | µm = 1e-6 | um micrometer micrometre micron
        nm = 1e-9 | nanometer nanometre | mi = 1609.344 | mile | yd = 0.9144 | yard
        ft = 0.3048 | foot feet ' | in = 0.0254 | inch inches " | nmi = 1852 | nautical_mile
    """,
    "mass": """
        kg = 1 | kilogram kilogramme kilo | g = 0.001 | gram gramme gm | mg = 1e-6 | milligram
        µg = 1e-9 | ug microgram mcg | t = 1000 | tonne metric_ton ton | lb = 0.45359237 | pound
        oz = 0.028349523125 | ounce | st = 6.35029318 | stone | short_ton = 907.18474 | us_ton
    """,
    "volume": """
        l = 0.001 | liter litre | ml = 1e-6 | milliliter millilitre cc | cl = 1e-5 | centiliter
        dl = 1e-4 | deciliter | m³ = 1 | m3 cubic_meter cubic_metre | gal = 0.003785411784 | gallon
        us_gallon | imperial_gallon = 0.00454609 | uk_gallon | qt = 0.000946352946 | quart
        pt = 0.000473176473 | pint | cup = 0.0002365882365 | fl_oz = 2.95735295625e-5 | fluid_ounce
        floz | tbsp = 1.478676478125e-5 | tablespoon | tsp = 4.92892159375e-6 | teaspoon
    """,
    "speed": """
        m/s = 1 | mps meter_per_second metre_per_second meters_per_second metres_per_second
        km/h = 0.2777777777777778 | kmh kph kmph kilometer_per_hour kilometers_per_hour
        kilometre_per_hour kilometres_per_hour | mph = 0.44704 | mile_per_hour miles_per_hour mi/h
        kn = 0.5144444444444445 | knot kt | ft/s = 0.3048 | fps foot_per_second feet_per_second
    """,
    "area": """
        m² = 1 | m2 sqm square_meter square_metre | km² = 1e6 | km2 square_kilometer
        square_kilometre | cm² = 1e-4 | cm2 square_centimeter square_centimetre | ha = 1e4 | hectare
        acre = 4046.8564224 | ft² = 0.09290304 | ft2 sqft sq_ft square_foot square_feet
        mi² = 2589988.110336 | mi2 sq_mi square_mile | yd² = 0.83612736 | yd2 square_yard
    """,
    "data": """
        byte = 1 | B | bit = 0.125 | kB = 1e3 | KB kilobyte | MB = 1e6 | megabyte | GB = 1e9 |
        gigabyte | TB = 1e12 | terabyte | PB = 1e15 | petabyte | KiB = 1024 | kibibyte
        MiB = 1048576 | mebibyte | GiB = 1073741824 | gibibyte | TiB = 1099511627776 | tebibyte
        kbit = 125 | kilobit | Mbit = 125e3 | Mb megabit | Gbit = 125e6 | Gb gigabit
    """,
    "time": """
        s = 1 | sec second | ms = 0.001 | millisecond | µs = 1e-6 | us microsecond
        min = 60 | minute | h = 3600 | hr hour | d = 86400 | day | week = 604800 | wk
        year = 31556952 | yr
    """,
}
_KELVIN = {
    "K": (1.0, 0.0, "kelvin"),
    "°C": (1.0, 273.15, "c celsius centigrade"),
    "°F": (5 / 9, 459.67, "f fahrenheit"),
    "°R": (5 / 9, 0.0, "r rankine"),
}


def _units() -> dict[str, Unit]:
    """Return every unit under each of its names, case kept."""
    units: dict[str, Unit] = {}
    for quantity, table in _TABLE.items():
        unit = None
        for word in re.finditer(r"(\S+) = (\S+)|[^\s|]+", table):
            if word[2]:
                unit = Unit(word[1].replace("_", " "), quantity, float(word[2]))
            if unit:
                units[word[1] or word[0]] = unit
    for symbol, (factor, zero, names) in _KELVIN.items():
        scale = Unit(symbol, "temperature", factor, zero)
        units |= dict.fromkeys((symbol, *names.split()), scale)
    return {name.replace("_", " "): unit for name, unit in units.items()}


UNITS = _units()
# "Mb" is a megabit and "MB" a megabyte; "mb" usually means the latter.
_BY_LOWER = {name.lower(): unit for name, unit in reversed(UNITS.items())} | {
    name.lower(): unit for name, unit in UNITS.items() if unit.quantity == "data" and "B" in name
}
QUANTITIES = (*_TABLE, "temperature")
_NEEDS = 'The converter needs a value and the units from and to, such as 5, "km" and "miles".'


def convert(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value in the other unit: `{"value", "from", "to", "result"}`."""
    value, source, target = number(given, VALUE), text(given, FROM), text(given, TO)
    if value is None or not source or not target:
        written = " ".join(first_text(given).split())
        whole = re.fullmatch(r"(-?[\d.,]+) ?(.+?) (?:to|in|into|as) (.+?)[?.]?", written)
        if not whole:
            raise BadArguments(_NEEDS)
        value, source, target = number({"value": whole[1]}, VALUE), whole[2], whole[3]
    before, after = _unit(source), _unit(target)
    if before.quantity != after.quantity:
        raise BadArguments(
            f"{before.name} measures {before.quantity} and {after.name} measures {after.quantity},"
            " so one cannot be converted into the other."
        )
    base = ((value or 0) + before.zero) * before.factor
    if before.quantity == "temperature" and base < -1e-9:
        raise BadArguments("No temperature is below absolute zero, -273.15 °C.")
    result = base / after.factor - after.zero
    if math.isinf(result):
        raise BadArguments("The result is too large.")
    # The offsets of temperatures leave noise: 32 °F must be 0 °C.
    result = round(result, 9) if after.zero else float(f"{result:.10g}")
    return {
        "value": tidy(value or 0),
        "from": before.name,
        "to": after.name,
        "result": tidy(result),
    }


def _unit(asked: str) -> Unit:
    """Return the unit that `asked` means. Raises `BadArguments` if there is none."""
    name = re.sub(r"[_\s]+", " ", asked).strip().rstrip(".")
    name = re.sub(r"^(degrees?|deg|°) ?(?=\w)", "", name, flags=re.IGNORECASE)
    lowered = name.lower()
    for wish in (lowered, lowered.removesuffix("s"), re.sub(r"s\b", "", lowered)):
        unit = UNITS.get(name) or _BY_LOWER.get(wish)
        if unit:
            return unit
    quantities = f"{', '.join(QUANTITIES[:-1])} and {QUANTITIES[-1]}"
    raise BadArguments(f'The unit "{short(asked)}" is not known. Use a unit of {quantities}.')
