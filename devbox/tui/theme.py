"""devbox's themes and the styles that painted lines use; colours come from `styles/themes.toml` alone.

Textual sees the colours as CSS variables (`$db-hit`), painted lines as Rich styles by role name. Under any other theme
of Textual the variables fall back to devbox's own set of the same brightness.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from textual.color import Color
from textual.scrollbar import ScrollBarRender
from textual.theme import Theme

PREFIX = "db-"
_BOLD = frozenset({"error", "strong", "accent", "miss"})
_SAME_COLOUR = {"strong": "foreground", "up": "accent", "": "foreground"}
Colours = Mapping[str, Mapping[str, str]]


class PlainScrollBar(ScrollBarRender):
    """A scroll bar of blanks alone, for terminals without block characters."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


def read_colours(folder: Path) -> Colours:
    """The colour sets `dark`, `light` and `ansi` from the styles folder."""
    with (folder / "themes.toml").open("rb") as file:
        colours: Colours = tomllib.load(file)
    return colours


def devbox_themes(colours: Colours) -> tuple[Theme, Theme]:
    """`devbox-dark` and `devbox-light`."""
    return (_theme("dark", colours["dark"], dark=True), _theme("light", colours["light"], dark=False))


def _theme(name: str, colours: Mapping[str, str], *, dark: bool) -> Theme:
    return Theme(
        name=f"devbox-{name}",
        primary=colours["hit"],
        secondary=colours["focus"],
        accent=colours["accent"],
        warning=colours["warn"],
        error=colours["error"],
        success=colours["ok"],
        foreground=colours["foreground"],
        background=colours["background"],
        surface=colours["background"],
        panel=colours["raised"],
        dark=dark,
        variables={
            **variables(colours),
            "block-cursor-background": colours["cursor"],
            "block-cursor-foreground": colours["foreground"],
            "screen-selection-background": colours["selection"],
            "screen-selection-foreground": colours["foreground"],
            "input-selection-background": colours["selection"],
            "scrollbar": colours["line"],
            "scrollbar-hover": colours["muted"],
            "scrollbar-active": colours["focus"],
            "scrollbar-background": colours["background"],
            "scrollbar-background-hover": colours["background"],
            "scrollbar-background-active": colours["background"],
            "scrollbar-corner-color": colours["background"],
        },
    )


def variables(colours: Mapping[str, str]) -> dict[str, str]:
    """The CSS variables of one colour set."""
    return {PREFIX + role: colour for role, colour in colours.items()}


def fallback(theme: Theme, colours: Colours) -> dict[str, str]:
    """The variables for a theme that is not devbox's own."""
    kind = "ansi" if theme.ansi else "dark" if theme.dark else "light"
    return variables(colours[kind])


def ink(css: Mapping[str, str]) -> dict[str, Style]:
    """Rich styles by role, from the CSS variables now in force.

    Roles that mean a background (`cursor`, `selection`, `match`) set only that.
    """
    colours = {name.removeprefix(PREFIX): value for name, value in css.items() if name.startswith(PREFIX)}
    styles = {role: _style(role, colour) for role, colour in colours.items()}
    for role, same in _SAME_COLOUR.items():
        styles[role] = _style(role, colours[same])
    styles["tab"] = styles["accent"] + Style(reverse=True)
    for role in ("cursor", "cursor-blurred", "selection", "match"):
        styles[role] = Style(bgcolor=Color.parse(colours[role]).rich_color)
    return styles


def _style(role: str, colour: str) -> Style:
    return Style(
        color=Color.parse(colour).rich_color,
        bold=True if role in _BOLD else None,
    )
