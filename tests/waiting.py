"""Waiting for what another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def wait_until(
    condition: Callable[[], object],
    within_s: float = 60,
    *,
    every_s: float = 0.01,
    otherwise: Callable[[], str] = lambda: "",
) -> None:
    """Return when the condition is true; else fail and say what ``otherwise`` tells."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"it never came\n{otherwise()}"
        time.sleep(every_s)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be fetched by its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
