"""A small shop's products in SQLite: search by words, category, price and stock, or look up a sku.

The data is fixed and small, so every call builds its own database, in memory and read-only.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from clarifai_chat.tools.builtins.given import BadArguments, first_text, number, short, text, truth

SKU = ("sku", "id", "productid", "productsku", "itemid", "code", "productcode")
QUERY = (
    "query", "q", "search", "searchterm", "searchquery", "keyword", "keywords", "text", "term",
    "name", "productname", "product", "item",
)  # fmt: skip
CATEGORY = ("category", "department", "type", "productcategory", "kind")
MAX_PRICE = ("maxprice", "pricemax", "maximumprice", "priceto", "budget", "under", "upto")
MIN_PRICE = ("minprice", "pricemin", "minimumprice", "pricefrom", "over")
IN_STOCK = ("instock", "instockonly", "available", "availableonly", "onlyinstock", "stock")
LIMIT = ("limit", "maxresults", "count", "top", "n", "numresults", "size", "pagesize")
SORT = ("sort", "sortby", "orderby", "order")
ALL = (*SKU, *QUERY, *CATEGORY, *MAX_PRICE, *MIN_PRICE, *IN_STOCK, *LIMIT, *SORT)

_MAX_FOUND, _USUAL = 20, 5
_PRODUCTS = (
    ("SKU-1001", "Aurora Wireless Headphones", "audio", 129.00, 42, 4.6,
     "Over-ear headphones with noise cancelling and 30 hours of battery"),
    ("SKU-1002", "Drift Wireless Earbuds", "audio", 59.90, 120, 4.2,
     "In-ear headphones with a pocket-size charging case"),
    ("SKU-1003", "Studio Wired Headphones", "audio", 89.00, 0, 4.7,
     "Closed-back headphones for recording, with a coiled cable"),
    ("SKU-1004", "Pebble Bluetooth Speaker", "audio", 39.50, 75, 4.3,
     "Waterproof speaker the size of a hand"),
    ("SKU-2001", "Basalt Mechanical Keyboard", "computers", 109.00, 18, 4.5,
     "Compact keyboard with tactile switches"),
    ("SKU-2002", "Glide Wireless Mouse", "computers", 34.90, 64, 4.1,
     "Quiet mouse that works on glass"),
    ("SKU-2003", "Vista 27-inch Monitor", "computers", 289.00, 9, 4.4,
     "4K monitor with a USB-C cable for picture and power"),
    ("SKU-2004", "Harbor USB-C Dock", "computers", 149.00, 0, 4.0,
     "Dock with two screens, network and six ports"),
    ("SKU-3001", "Ember Pour-over Kettle", "kitchen", 69.00, 31, 4.8,
     "Gooseneck kettle with a thermometer"),
    ("SKU-3002", "Grove Coffee Grinder", "kitchen", 119.00, 14, 4.5,
     "Burr grinder with forty settings"),
    ("SKU-3003", "Cedar Cutting Board", "kitchen", 28.00, 53, 4.6,
     "Board of end-grain wood with rubber feet"),
    ("SKU-4001", "Ridge Hiking Backpack", "outdoor", 99.00, 27, 4.7,
     "28-litre backpack with a rain cover"),
    ("SKU-4002", "Lumen Headlamp", "outdoor", 24.90, 88, 4.3,
     "Rechargeable lamp with red light"),
    ("SKU-4003", "Summit Two-person Tent", "outdoor", 219.00, 6, 4.4,
     "Tent of 1.9 kg that stands without pegs"),
    ("SKU-5001", "Meridian Desk Lamp", "office", 54.00, 40, 4.2,
     "Lamp with a dimmer and warm or cold light"),
    ("SKU-5002", "Atlas Standing Desk", "office", 449.00, 3, 4.5,
     "Desk that rises at the touch of a button"),
)  # fmt: skip
CATEGORIES = tuple(dict.fromkeys(row[2] for row in _PRODUCTS))

_SORTS = {"price": "price", "priceasc": "price", "pricedesc": "price DESC", "name": "name"}
_SMALL_WORDS = {"a", "an", "and", "the", "for", "with", "of", "in", "under", "over", "some", "any"}


def products(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `{"product"}` for a sku, otherwise `{"count", "products"}`, best rated first."""
    if sku := text(given, SKU):
        found = _read("SELECT * FROM products WHERE sku = ? COLLATE NOCASE", [sku])
        if not found:
            raise BadArguments(f'There is no product with the sku "{short(sku)}".')
        return {"product": found[0]}
    where, values = _conditions(given)
    if not where:
        listed = ", ".join(CATEGORIES)
        raise BadArguments(
            f"The product search needs a query, a category ({listed}), a price limit or a sku."
        )
    asked = number(given, LIMIT)
    limit = _USUAL if asked is None else max(1, min(int(asked), _MAX_FOUND))
    wish = "".join(c for c in text(given, SORT).lower() if c.isalpha())
    order = _SORTS.get(wish, "rating DESC")
    found = _read(
        # The statement holds only our own words; the arguments go in as values.
        f"SELECT * FROM products WHERE {' AND '.join(where)} ORDER BY {order}, sku LIMIT ?",  # noqa: S608
        [*values, limit],
    )
    return {"count": len(found), "products": found}


def _conditions(given: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """Return the search's conditions in SQL, and their values."""
    where: list[str] = []
    values: list[Any] = []
    category = text(given, CATEGORY)
    low, high = number(given, MIN_PRICE), number(given, MAX_PRICE)
    in_stock = truth(given, IN_STOCK)
    is_filtered = bool(category) or (low, high, in_stock) != (None, None, None)
    query = text(given, QUERY) or ("" if is_filtered else first_text(given))
    for word in query.lower().split():
        if word not in _SMALL_WORDS:
            where.append(r"lower(name || ' ' || category || ' ' || about) LIKE ? ESCAPE '\'")
            values.append(f"%{_escaped(word.removesuffix('s'))}%")
    if category:
        where.append("category = ? COLLATE NOCASE")
        values.append(category)
    for condition, value in (("price >= ?", low), ("price <= ?", high)):
        if value is not None:
            where.append(condition)
            values.append(float(value))
    if in_stock is not None:
        where.append("stock > 0" if in_stock else "stock = 0")
    return where, values


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _read(statement: str, values: list[Any]) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(":memory:")) as shop:
        shop.execute(
            "CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, category TEXT,"
            " price REAL, stock INTEGER, rating REAL, about TEXT)"
        )
        shop.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?)", _PRODUCTS)
        shop.execute("PRAGMA query_only = ON")
        shop.row_factory = sqlite3.Row
        return [_shown(row) for row in shop.execute(statement, values)]


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "sku": row["sku"],
        "name": row["name"],
        "category": row["category"],
        "price_usd": row["price"],
        "in_stock": row["stock"] > 0,
        "stock": row["stock"],
        "rating": row["rating"],
        "description": row["about"],
    }
