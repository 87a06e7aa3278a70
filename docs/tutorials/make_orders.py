"""Invent docs/tutorials/orders.csv: orders of a shop, written as people write them.

python docs/tutorials/make_orders.py
"""

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np

ROWS = 800
COUNTRIES = {"DE": 0.3, "FR": 0.0, "NL": -0.2, "PL": -0.5}


def main() -> None:
    """Replace the file; the same numbers each time."""
    rng = np.random.default_rng(7)
    with (Path(__file__).parent / "orders.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(
            [
                "order_id",
                "ordered",
                "amount",
                "discount",
                "country",
                "items",
                "express",
                "refund_date",
                "returned",
            ]
        )
        for number in range(ROWS):
            rows.writerow(order(number, rng))


def order(number: int, rng: np.random.Generator) -> list[object]:
    """One row; whether it is returned depends on amount, discount, country and month."""
    day = date(2024, 1, 1) + timedelta(days=int(rng.integers(730)))
    amount = float(np.exp(rng.normal(4.5, 0.9)))
    discount = int(rng.choice([0, 0, 0, 5, 10, 20, 30]))
    country = str(rng.choice(list(COUNTRIES), p=[0.4, 0.3, 0.2, 0.1]))
    items = int(1 + rng.poisson(1.5))
    express = bool(rng.random() < 0.3)
    score = 1.1 * (np.log(amount) - 4.5) + 0.06 * discount + COUNTRIES[country] - 1.0
    score += 0.9 * (day.month in (12, 1)) - 0.7 * express
    returned = bool(rng.random() < 1 / (1 + np.exp(-1.6 * score)))
    refunded = day + timedelta(days=int(rng.integers(5, 30)))
    return [
        f"A-{10_000 + number}",
        f"{day:%d.%m.%Y}",
        f"${amount:,.2f}",
        f"{discount}%",
        "" if rng.random() < 0.04 else country,
        "n/a" if rng.random() < 0.02 else items,
        "yes" if express else "no",
        f"{refunded:%d.%m.%Y}" if returned else "",
        "yes" if returned else "no",
    ]


if __name__ == "__main__":
    main()
