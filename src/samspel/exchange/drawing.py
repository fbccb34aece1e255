"""The geometry of a pair, a ring and a chain: numbers for SVG attributes, made here because no style may be inline."""

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

# A small drawing is 72 × 36; its dots are small enough for seven.
WIDTH, HEIGHT = 72, 36


@dataclass(frozen=True)
class Dot:
    """Numbers as SVG writes them, whatever the reader's language has for a decimal point."""

    x: str
    y: str
    r: str
    # Who only gives begins a chain.
    is_open: bool = False


@dataclass(frozen=True)
class Small:
    """A match in small, without words: the lines and then the dots upon them."""

    lines: tuple[str, ...]
    dots: tuple[Dot, ...]


def small(parties: int, *, is_closed: bool) -> Small:
    """A pair, a ring or a chain of so many."""
    if not is_closed:
        return _chain(parties)
    return _PAIR if parties == 2 else _ring(parties)


_PAIR: Final = Small(
    ("M20 13C30 4 42 4 52 13", "M52 23C42 32 30 32 20 23"),
    (Dot("15", "18", "7"), Dot("57", "18", "7")),
)


def _ring(parties: int) -> Small:
    """Evenly on a circle from the top, clockwise."""
    radius, middle = 13, (WIDTH / 2, HEIGHT / 2)
    turns = [2 * pi * place / parties - pi / 2 for place in range(parties)]
    circle = f"M{middle[0]:g} {middle[1] - radius:g}a{radius} {radius} 0 1 1 -.01 0z"
    dot = "5" if parties <= 4 else "3.5"
    dots = (Dot(f"{middle[0] + radius * cos(t):.1f}", f"{middle[1] + radius * sin(t):.1f}", dot) for t in turns)
    return Small((circle,), tuple(dots))


def _chain(parties: int) -> Small:
    first, last = 7, WIDTH - 7
    step = (last - first) / (parties - 1)
    dots = tuple(
        Dot(f"{first + step * place:.1f}", f"{HEIGHT // 2}", "5" if parties <= 5 else "4", is_open=place == 0)
        for place in range(parties)
    )
    return Small((f"M{first} {HEIGHT // 2}H{last}",), dots)


# Larger rings go there in one row of cards and back in another, which a style sheet places (``of-5`` to ``of-7``).
WIDE: Final = frozenset({5, 6, 7})
# The large drawing is 880 × 480 behind cards that a style sheet places (``of-2`` to ``of-4``): from card to card.
LARGE: Final[dict[int, tuple[str, ...]]] = {
    2: ("M300 186C372 96 478 92 560 178", "M580 292C508 386 402 390 320 304"),
    3: ("M592 62C644 72 678 156 684 314", "M574 388C520 404 366 404 322 390", "M196 326C202 158 234 76 280 64"),
    4: (
        "M580 66C676 68 736 98 743 160",
        "M744 300C738 384 690 410 597 413",
        "M300 414C204 412 144 382 137 320",
        "M136 180C142 96 190 70 283 67",
    ),
}
