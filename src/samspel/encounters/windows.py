"""One press for each device and window, without knowing the device.

When the page is opened it gets a value made by chance. It comes back with the press, and then as a cookie that lives
for the point's window and is sent to that point's address only. An answer's key is made of it under the house's key,
so that neither the database nor a file tells which answers came from one device, and two points never see one value.
Without cookies the value lies in the page's form: the window then lasts as long as the page is open.
See docs/explanation/who-answered.md.
"""

import re
import secrets
from datetime import datetime, timedelta

from samspel.core.errors import InvalidError
from samspel.encounters.keyed import hash_of

# Minutes since 1970 at which the page was made, a value made by chance, and in which later window it was pressed.
_PRESS = re.compile(r"^([0-9]{8})-[A-Za-z0-9_-]{16,32}(?:\.[0-9]{1,6})?$")


def new_press(at: datetime) -> str:
    """What a page gets when it is opened."""
    return f"{_minutes(at):08}-{secrets.token_urlsafe(16)}"


def is_press(text: str) -> bool:
    return _PRESS.match(text) is not None


def press_of(typed: str, cookie: str, *, window: timedelta, at: datetime) -> str:
    """Which press this is: the window's that the device is in, else that of the page it was made on.

    A page that has lain open longer than a window counts as a new one in each, so that a tab from last week takes a
    new answer, and the same press sent twice is still one.

    :raises InvalidError: the page's value is not of the form that they are made in.
    """
    if is_press(cookie):
        return cookie
    found = _PRESS.match(typed)
    if found is None:
        raise InvalidError
    later = max(0, _minutes(at) - int(found[1])) // max(1, round(window.total_seconds() / 60))
    first = typed.partition(".")[0]
    return f"{first}.{later}" if later else first


def key_of(point_id: int, press: str, token: str = "") -> str:
    """The answer's key. With a meeting's token a device answers once for each meeting."""
    return "tap-" + hash_of("press", f"{point_id}\0{token}\0{press}").hex()[:40]


def _minutes(at: datetime) -> int:
    return int(at.timestamp()) // 60
