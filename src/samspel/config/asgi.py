"""One port for a small town: event streams as raw ASGI, everything else through Django's WSGI handler in threads.

Never Django's own ASGI handler: it is four to six times slower for ordinary pages, and runs out of connections
(docs/decisions/0005-live-by-server-sent-events.md).
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")

from samspel.config import env
from samspel.config.wsgi import application as pages_application
from samspel.live.application import PREFIX, Receive, Scope, Send
from samspel.live.application import app as streams
from samspel.live.pages import Pages

pages = Pages(pages_application, threads=env.whole("SAMSPEL_THREADS", 8, least=1))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Streams and the life of the process to ``samspel.live``, pages to Django."""
    if scope["type"] == "http" and not scope["path"].startswith(PREFIX):
        await pages(scope, receive, send)
    else:
        await streams(scope, receive, send)
