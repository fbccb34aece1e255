"""What goes wrong in a hall: the server is killed, a third lose their Wi-Fi, a process is restarted behind nginx."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from benchmarks.live.day import places
from samspel.demo.load import Hall
from tests.loss.house import House, kill
from tests.waiting import is_alive, wait_until

DARK_S = (1.5, 4.0)


@dataclass
class Wounds:
    """What was done to the hall, by kind, and whom it moved."""

    done: Counter[str] = field(default_factory=Counter)
    steps: list[str] = field(default_factory=list)
    asked: int = 0
    reseated: list[str] = field(default_factory=list)

    def told(self) -> str:
        what = ", ".join(f"{count} × {kind}" for kind, count in self.done.items())
        return (
            f"in {len(self.steps)} steps: {what}; places asked for {self.asked} times before and after: "
            f"{len(self.reseated)} moved {self.reseated[:5] or ''}"
        )


def trouble_of(
    house: House, dialogue: int, kinds: set[str], wounds: Wounds, *, seed: int = 1
) -> Callable[[Hall, str], Awaitable[None]]:
    """For each step: hurt the hall while people are at it, and see that everybody sits where she sat."""
    chance = random.Random(seed)

    async def hurt(hall: Hall, name: str) -> None:
        wounds.steps.append(name)
        before = {phone.number: (phone.seat, phone.table) for phone in hall.come}
        with house.connect() as line:
            placed = places(line, dialogue)
        await asyncio.sleep(chance.uniform(0.1, 0.8))
        under_way = [_dark(hall, chance, wounds)] if "wifi" in kinds else []
        if "kill" in kinds:
            under_way.append(_kill(house, wounds))
        if "restart" in kinds:
            under_way.append(restart(house, wounds))
        await asyncio.gather(*under_way)
        await hall.settle()
        with house.connect() as line:
            moved = placed - places(line, dialogue)
        wounds.reseated += [f"{name}: {one}" for one in sorted(map(str, moved))]
        await _ask_places(hall, before, name, wounds)

    return hurt


async def _dark(hall: Hall, chance: random.Random, wounds: Wounds) -> None:
    """Every third phone, each for a while of its own."""
    third = chance.sample(hall.come, max(1, len(hall.come) // 3))
    wounds.done["phones without Wi-Fi"] += len(third)
    await asyncio.gather(*(phone.lose_network(chance.uniform(*DARK_S)) for phone in third))


async def _kill(house: House, wounds: Wounds) -> None:
    """SIGKILL to what answers pages and streams; every fourth time to the supervisor and all else of the server too."""
    wounds.done["server killed"] += 1
    if wounds.done["server killed"] % 4 == 1:
        wounds.done["and its supervisor"] += 1
        await asyncio.to_thread(house.kill_application)
        house.start(workers=house.workers)
    else:
        serving = house.serving()
        kill(serving)
        await asyncio.to_thread(wait_until, lambda: not any(is_alive(pid) for pid in serving))
    await asyncio.to_thread(house.wait_until_up)


async def restart(house: House, wounds: Wounds, *, youngest: bool = False) -> None:
    """The page process that has served longest is killed; the other goes on until a new one is there.

    One after the other, as when they are renewed. To kill the ``youngest`` again within some seconds is another hurt:
    granian takes it for a defect and ends with all its workers, and nothing answers until they are started anew.
    """
    wounds.done["page process restarted"] += 1
    before = house.page_workers()
    killed = before[-1 if youngest else 0]
    kill([killed])

    def is_replaced() -> bool:
        there = house.page_workers()
        return len(there) == len(before) and killed not in there

    await asyncio.to_thread(wait_until, is_replaced)
    await asyncio.to_thread(house.wait_until_up)


async def _ask_places(hall: Hall, before: dict[int, tuple[int, str]], name: str, wounds: Wounds) -> None:
    gate = asyncio.Semaphore(16)

    async def one(number: int) -> None:
        phone = next(phone for phone in hall.come if phone.number == number)
        async with gate:
            sits = await phone.sits()
        wounds.asked += 1
        if sits != before[number]:
            wounds.reseated.append(f"{name}: phone {number} sat at {before[number]}, then {sits}")

    await asyncio.gather(*(one(number) for number in before))
