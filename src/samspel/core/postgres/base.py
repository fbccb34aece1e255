"""Under the name by which Django looks for a backend."""

import select
import time
from typing import Any, Final

from django.db.backends.postgresql.base import DatabaseWrapper as Postgres
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

# A line that nothing was said on may have been dropped on the way, with neither end told of it.
_STILL_S: Final = 30.0


class DatabaseWrapper(Postgres):
    """Before a page's first query Django asks a line that it has kept whether it still holds. A server that has gone
    closed its end, which can be seen here without asking: there is something to read."""

    _seen_s = 0.0

    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {"prepare_threshold": 2}

    def preparing_cursor(self) -> CursorWrapper:
        """A cursor of which the database takes each statement apart once for the line, when it comes often."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            prepared: CursorWrapper = self._prepare_cursor(ServerBindingCursor(self.connection))  # type: ignore[attr-defined,call-arg]
            return prepared

    def is_usable(self) -> bool:
        since_s, self._seen_s = self._seen_s, time.monotonic()
        is_fresh = self._seen_s - since_s < _STILL_S
        if is_fresh and not self.errors_occurred and self.connection is not None and not self._has_something_to_read():
            return True
        return bool(super().is_usable())

    def _has_something_to_read(self) -> bool:
        if self.connection.closed:
            return True
        line = select.poll()
        line.register(self.connection.fileno(), select.POLLIN)
        return bool(line.poll(0))
