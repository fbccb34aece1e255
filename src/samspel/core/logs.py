"""Logs say what happened, never what somebody wrote."""

import logging
from collections.abc import ItemsView
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class NoWords(logging.Filter):
    """Strips what could carry words: the request object and a traceback's values.

    A traceback names files and lines; the exception's own text may repeat a value from the database
    (``DETAIL: Key (text)=(…)``), so only its class is kept.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames: list[str] = []
            step = record.exc_info[2]
            while step is not None:
                code = step.tb_frame.f_code
                frames.append(f"  {code.co_filename}:{step.tb_lineno} {code.co_name}")
                step = step.tb_next
            record.msg = f"{record.getMessage()}\n{type(error).__name__} at\n" + "\n".join(frames)
            record.args = ()
            record.exc_info = None
            record.exc_text = None
        return True


class NoVariables(SafeExceptionReporterFilter):
    """Error reports without local variables, POST data or cookies, also when DEBUG is on."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: Any) -> ItemsView[str, Any]:
        return {}.items()
