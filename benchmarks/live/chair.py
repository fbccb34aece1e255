"""Who leads the hall under measure: a browser that signs in and presses the console's own buttons."""

from samspel.demo.browser import Browser, PageError, client_for
from samspel.demo.leader import Console


class Chair:
    """A leader's browser at one meeting."""

    def __init__(self, address: str, dialogue_id: int) -> None:
        self._client = client_for(address, most=4)
        self._browser = Browser(self._client)
        self._at = f"/dialogues/{dialogue_id}"

    async def sign_in(self, email: str, password: str) -> None:
        page = await self._browser.get("/accounts/login/")
        form = page.get_form("/accounts/login/")
        page = await self._browser.submit(page, form, {"login": email, "password": password})
        if page.find_form("/accounts/login/") is not None:
            raise PageError("the leader could not sign in")

    async def console(self) -> Console:
        return Console(await self._browser.get(f"{self._at}/lead"))

    async def press(self, what: str) -> None:
        """:raises PageError: there is no such button now."""
        console = await self.console()
        button = console.button(what)
        if button is None:
            raise PageError(f"the console has no button {what}")
        await self._browser.press(console.page, button, follow=False)

    async def turn(self, name: str, wanted: str) -> None:
        console = await self.console()
        form = console.switch_form(name)
        if form is None:
            raise PageError(f"the console has no switch {name}")
        await self._browser.submit(console.page, form, {"wanted": wanted}, follow=False)

    async def has_switch(self, name: str) -> bool:
        return (await self.console()).switch_form(name) is not None

    async def is_on(self, name: str) -> bool:
        form = (await self.console()).switch_form(name)
        return form is not None and ("wanted", "off") in form.fields

    async def can(self, what: str) -> bool:
        return (await self.console()).button(what) is not None

    async def count(self) -> None:
        """Count the votes, also without those that the console says are missing."""
        await self.press("choose")
        if not (await self.console()).result_stands:
            await self.press("choose")

    async def reveal(self) -> None:
        """The three, from the last to the first, then the words."""
        while True:
            console = await self.console()
            button = console.button("reveal")
            if button is None or ("to", "0") in button.form.fields:
                return
            await self._browser.press(console.page, button, follow=False)

    async def close(self) -> None:
        page = await self._browser.get(f"{self._at}/close")
        await self._browser.submit(page, page.get_form("/close"), follow=False)

    async def leave(self) -> None:
        await self._client.aclose()
