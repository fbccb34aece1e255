"""Django's pages and actions, for any WSGI server (granian with ``samspel serve --workers``)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")
application = get_wsgi_application()
