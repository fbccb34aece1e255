"""A hall of phones to try an installation with: people come, think, share, choose, agree and check out.

They do over HTTP what phones with the pages' scripts do, and nothing else: the same addresses, access checks, limits
and keys. Whoever leads the meeting leads them too. Times are taken on this side of the line, so they hold what the
network and this machine add; run it from another machine than the server's to leave the server its processors.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from samspel.demo.browser import Browser, PageError, Radio, Tally, client_for
from samspel.demo.figures import Figures, report, usage_of
from samspel.demo.phone import Phone

LOOKS_AT_ONCE = 8
# As many as a phone needs: a page, and a press beside it.
CONNECTIONS = 2
# So long after the last phone that came to a step the others are taken to have missed the news of it.
FOLLOWED_S = 10.0


@dataclass(frozen=True)
class Plan:
    """How many people come and what they do.

    :param within_s: they come evenly over this time.
    :param per_s: so many things a second they do, all together, while a page invites them to something.
    :param seconds: how long they stay at most once all have come; they leave earlier when the meeting is closed.
    :param mistyped: so many of a hundred type the code wrong first.
    :param helping: so many of a hundred press for somebody beside them who has no phone.
    :param pids: the server's processes, when they are on this machine.
    """

    people: int
    within_s: float = 60.0
    per_s: float = 20.0
    seconds: float = 3600.0
    mistyped: int = 0
    pids: tuple[int, ...] = ()
    helping: int = 0


@dataclass
class Hall:
    """All the phones."""

    plan: Plan
    phones: list[Phone]
    figures: Figures
    tally: Tally
    before_kb: float = 0.0
    before_cpu_s: float = 0.0
    come: list[Phone] = field(default_factory=list)

    async def join(self) -> None:
        """Everybody comes.

        :raises PageError: nobody could: there is no such meeting, or it takes nobody.
        """
        before = usage_of(self.plan.pids)
        self.before_cpu_s, self.before_kb = before.cpu_s, before.kb
        await asyncio.gather(*(self._come(phone) for phone in self.phones))
        if not self.come:
            raise PageError("nobody could join: " + "; ".join(self.figures.failed))
        if self.plan.pids:
            self.figures.kb_a_phone = (usage_of(self.plan.pids).kb - before.kb) / len(self.come)

    async def _come(self, phone: Phone) -> None:
        await asyncio.sleep(self.plan.within_s * (phone.number - 1) / self.plan.people)
        try:
            await phone.join()
        except (PageError, OSError) as error:
            self.figures.failed[str(error) or type(error).__name__] += 1
            return
        self.come.append(phone)

    async def settle(self, quiet_s: float = 1.0, most_s: float = 600.0) -> bool:
        """Until everybody has done what the page invites to, and all lines are open; False when it never came."""
        ends_s, calm_s = time.monotonic() + most_s, time.monotonic()
        while time.monotonic() < ends_s:
            if any(phone.is_busy for phone in self.come):
                calm_s = time.monotonic()
            elif time.monotonic() - calm_s >= quiet_s:
                return True
            await asyncio.sleep(0.05)
        return False

    @property
    def has_followed(self) -> bool:
        """Whether all have the page of the newest step; who was cut off has it later, without hearing of it."""
        steps = self.figures.steps
        if not steps:
            return True
        newest = steps[max(steps)]
        return len(newest.pages) >= len(self.come) or time.monotonic() - newest.last_s > FOLLOWED_S

    async def end(self, most_s: float = 60.0) -> bool:
        """Until every phone shows that the meeting is closed."""
        ends_s = time.monotonic() + most_s
        while not self.is_over and time.monotonic() < ends_s:
            await asyncio.sleep(0.05)
        return self.is_over

    async def look_back(self) -> None:
        """Everybody looks for her own acknowledged notes on her own page."""
        gate = asyncio.Semaphore(LOOKS_AT_ONCE)

        async def one(phone: Phone) -> None:
            async with gate:
                try:
                    await phone.look_back()
                except PageError as error:
                    self.figures.failed[str(error)] += 1

        await asyncio.gather(*(one(phone) for phone in self.come))

    def count(self) -> None:
        """Take the counts that stand elsewhere into the figures."""
        self.figures.again, self.figures.limited = self.tally.again, self.tally.limited
        if self.plan.pids:
            self.figures.cpu_s = usage_of(self.plan.pids).cpu_s

    @property
    def is_over(self) -> bool:
        return all(phone.view == "frame_closed" and not phone.is_fetching for phone in self.come)


@asynccontextmanager
async def hall_of(address: str, code: str, plan: Plan) -> AsyncIterator[Hall]:
    """The phones, before they come; afterwards they have hung up."""
    figures, tally = Figures(), Tally()
    gap_s = plan.people / plan.per_s if plan.per_s else 3600.0
    async with AsyncExitStack() as clients:
        phones = []
        for number in range(1, plan.people + 1):
            radio = Radio()
            client = await clients.enter_async_context(client_for(address, most=CONNECTIONS))
            browser = Browser(client, tally=tally, radio=radio)
            mistypes, helps = _is_among(number, plan.mistyped), _is_among(number, plan.helping)
            phone = Phone(
                *(number, browser, radio, address, code, figures),
                gap_s=gap_s,
                mistypes=mistypes,
                helps=helps,
                pids=plan.pids,
            )
            phones.append(phone)
        hall = Hall(plan, phones, figures, tally)
        try:
            yield hall
        finally:
            for phone in phones:
                phone.leave()


def _is_among(number: int, of_a_hundred: int) -> bool:
    """Whether this one is of so many in a hundred, evenly."""
    return number * of_a_hundred // 100 != (number - 1) * of_a_hundred // 100


async def run(address: str, code: str, plan: Plan, say: Callable[[str], None]) -> Figures:
    """Let them come, follow the leader until the meeting is closed or the time is out, look back, and leave.

    :raises PageError: nobody could join.
    """
    async with hall_of(address, code, plan) as hall:
        await hall.join()
        say(f"{len(hall.come)} of {plan.people} have joined and listen.")
        ends_s, told = time.monotonic() + plan.seconds, -1
        while time.monotonic() < ends_s and not hall.is_over:
            is_settled = await hall.settle(most_s=min(1.5, max(0.1, ends_s - time.monotonic())))
            if is_settled and hall.has_followed and told != len(hall.figures.steps):
                told = len(hall.figures.steps)
                say(f"{hall.come[0].view.replace('_', ' ')}: everybody has done what the page invites to.")
            await asyncio.sleep(0.1)
        hall.count()
        await hall.look_back()
    return hall.figures


__all__ = ["Figures", "Hall", "Plan", "hall_of", "report", "run"]
