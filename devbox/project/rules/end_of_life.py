"""When releases of runtimes and servers stop getting security fixes, by the tags of their official images. Pure data.

Source: endoflife.date (products/python, nodejs, go, ruby, php, postgresql, mysql, mariadb, mongodb, redis,
elasticsearch, eclipse-temurin), read 2026-08-22. Operating systems: `devbox.core.release_table`. What is not listed is
unknown, never supported or unsupported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from devbox.core.frozen import dataclass
from devbox.core.release_table import release_of_image

Day = tuple[int, int, int]

_TABLE = {
    "python": "2.7 2020-01-01, 3.4 2019-03-18, 3.5 2020-09-30, 3.6 2021-12-23, 3.7 2023-06-27, 3.8 2024-10-07, "
              "3.9 2025-10-31, 3.10 2026-10-31, 3.11 2027-10-31, 3.12 2028-10-31, 3.13 2029-10-31, 3.14 2030-10-31",
    "node": "6 2019-04-30, 8 2019-12-31, 10 2021-04-30, 11 2019-06-30, 12 2022-04-30, 13 2020-06-01, 14 2023-04-30, "
            "15 2021-06-01, 16 2023-09-11, 17 2022-06-01, 18 2025-04-30, 19 2023-06-01, 20 2026-04-30, 21 2024-06-01, "
            "22 2027-04-30, 23 2025-06-01, 24 2028-04-30, 25 2026-06-01, 26 2029-04-30",
    "golang": "1.13 2020-08-11, 1.14 2021-02-16, 1.15 2021-08-16, 1.16 2022-03-15, 1.17 2022-08-02, 1.18 2023-02-01, "
              "1.19 2023-09-06, 1.20 2024-02-06, 1.21 2024-08-13, 1.22 2025-02-11, 1.23 2025-08-12, 1.24 2026-02-10, "
              "1.25 2026-08-19",
    "ruby": "2.3 2019-03-31, 2.4 2020-03-31, 2.5 2021-03-31, 2.6 2022-03-31, 2.7 2023-03-31, 3.0 2024-04-23, "
            "3.1 2025-03-26, 3.2 2026-03-31, 3.3 2027-03-31, 3.4 2028-03-31, 4.0 2029-03-31",
    "php": "5.6 2018-12-31, 7.0 2019-01-10, 7.1 2019-12-01, 7.2 2020-11-30, 7.3 2021-12-06, 7.4 2022-11-28, "
           "8.0 2023-11-26, 8.1 2025-12-31, 8.2 2026-12-31, 8.3 2027-12-31, 8.4 2028-12-31, 8.5 2029-12-31",
    "postgres": "9.4 2020-02-13, 9.5 2021-02-11, 9.6 2021-11-11, 10 2022-11-10, 11 2023-11-09, 12 2024-11-21, "
                "13 2025-11-13, 14 2026-11-12, 15 2027-11-11, 16 2028-11-09, 17 2029-11-08, 18 2030-11-14",
    "mysql": "5.5 2018-12-31, 5.6 2021-02-28, 5.7 2023-10-31, 8.0 2026-04-30, 8.4 2032-04-30, 9.0 2024-10-15, "
             "9.1 2025-01-21, 9.2 2025-04-15, 9.3 2025-07-22, 9.4 2025-10-21, 9.5 2026-01-20, 9.6 2026-04-21",
    "mariadb": "10.1 2020-10-17, 10.2 2022-05-23, 10.3 2023-05-25, 10.4 2024-06-18, 10.5 2025-06-24, 10.6 2026-07-06, "
               "10.11 2028-02-16, 11.4 2029-05-29, 11.8 2028-06-04",
    "mongo": "3.6 2021-04-30, 4.0 2022-04-30, 4.2 2023-04-30, 4.4 2024-02-29, 5.0 2024-10-31, 6.0 2025-07-31, "
             "7.0 2027-08-31, 8.0 2029-10-31",
    "redis": "5.0 2022-04-27, 6.0 2022-05-31, 6.2 2027-04-01, 7.0 2024-07-29, 7.2 2029-12-01, 7.4 2029-12-01",
    "elasticsearch": "6 2022-02-10, 7 2026-01-15",
    "eclipse-temurin": "8 2030-12-31, 11 2027-10-31, 16 2021-09-30, 17 2027-10-31, 18 2022-09-30, 19 2023-03-31, "
                       "20 2023-09-19, 21 2029-12-31, 22 2024-09-17, 23 2025-03-18, 24 2025-09-16, 25 2031-09-30",
}
_ARCHIVED = {"centos": "8", "openjdk": "", "java": ""}
"""Official images that get no more updates at all, or none from that version on."""
_OFFICIAL = re.compile(r"(?:docker\.io/|index\.docker\.io/)?(?:library/)?")


@dataclass(frozen=True, slots=True)
class Ended:
    """A release that gets no more fixes."""

    product: str
    version: str
    day: Day | None
    """None where the image itself was given up."""


def ended(name: str, tag: str, today: Day) -> Iterator[Ended]:
    """What in an image had its last day before today: the runtime its name means, the system its tag names."""
    product = _OFFICIAL.sub("", name, count=1)
    version = re.match(r"\d+(?:\.\d+)*", tag)
    if product in _TABLE and version:
        found = _release(product, version[0])
        if found and found[1] < today:
            yield Ended(product, *found)
    if product in _ARCHIVED and (not _ARCHIVED[product] or tag.startswith(_ARCHIVED[product])):
        yield Ended(product, tag, None)
    system = release_of_image(product, tag)
    if system is not None and system.end < today:
        yield Ended(system.distribution, system.version, system.end)


def words_of(what: Ended, ref: str) -> str:
    """The finding's sentence."""
    if what.day is None:
        return f"{ref} gets no updates any more"
    year, month, day = what.day
    return f"{ref}: {what.product} {what.version} had its last security fixes on {year}-{month:02d}-{day:02d}"


def _release(product: str, version: str) -> tuple[str, Day] | None:
    """The release a version belongs to: `3.9.18` to 3.9, `18.2` to 18."""
    parts = version.split(".")
    leading = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    for entry in _TABLE[product].split(", "):
        release, _, day = entry.partition(" ")
        if release in leading:
            year, month, number = map(int, day.split("-"))
            return release, (year, month, number)
    return None
