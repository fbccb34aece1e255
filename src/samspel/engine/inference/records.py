"""What every figure here comes as: an estimate between two limits."""

from dataclasses import dataclass

__all__ = ["Interval", "Moments"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its limits; ``level`` is the share of such intervals that hold the truth, 0.95 as a rule."""

    estimate: float
    low: float
    high: float
    level: float

    def holds(self, value: float) -> bool:
        """Whether the value could be the truth, as far as this interval tells."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Moments:
    """A column of numbers as its integer sums: how every store gives it, so that all give the same digits.

    >>> Moments(n=4, total=10, squares=30).mean
    2.5
    """

    n: int
    total: float
    squares: float

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError(f"n must be at least 0, got {self.n}")
        if self.squares * self.n < self.total**2 * (1 - 1e-9):
            raise ValueError(f"squares must be at least total²/n, got {self.squares} of {self.total} and {self.n}")

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.n + other.n, self.total + other.total, self.squares + other.squares)

    def __sub__(self, other: "Moments") -> "Moments":
        """What is left without the other part."""
        return Moments(self.n - other.n, self.total - other.total, self.squares - other.squares)

    @property
    def mean(self) -> float:
        """:raises ZeroDivisionError: of nothing."""
        return self.total / self.n

    @property
    def variance(self) -> float:
        """Of the numbers, with n - 1; 0 when there are fewer than two."""
        return 0.0 if self.n < 2 else max(0.0, (self.squares - self.total**2 / self.n) / (self.n - 1))

    @property
    def error(self) -> float:
        """The mean's variance."""
        return self.variance / self.n
