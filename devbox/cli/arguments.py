"""Arguments that several commands take, parsed to the values that flows want."""

from __future__ import annotations

import argparse

from devbox.core.units import parse_duration

BUILDERS = ("auto", "buildx", "api", "classic")


def duration(text: str) -> float:
    """Seconds of `10s`, `5m`; argparse reports what is expected."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"`{text}`: {error}") from None


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """`--timeout D`, which every mutating command takes."""
    parser.add_argument("--timeout", type=duration, metavar="D", help="give up after this long: 10s, 5m")


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """`--dry-run`."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def add_mode(parser: argparse.ArgumentParser) -> None:
    """`--mode M`."""
    parser.add_argument("--mode", metavar="M", help="the variant of the box to use")


def add_builder(parser: argparse.ArgumentParser) -> None:
    """`--builder NAME`."""
    parser.add_argument(
        "--builder", choices=BUILDERS, default="auto",
        help="who builds: buildx, api (BuildKit over the engine's API), classic; auto takes the best there is",
    )


def add_services(parser: argparse.ArgumentParser) -> None:
    """`[SERVICE…]`."""
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="default: all of them")
