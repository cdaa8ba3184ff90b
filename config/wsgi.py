"""The WSGI application that granian serves. Without its keys it does not start."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from hospital import sealing, services  # noqa: E402  # only after Django is set up

assert settings.SECRET_KEY, "reading it raises where there is none"
sealing.check_keys()
services.check_keys()

# What was loaded once lives as long as the process; collecting seldom saves a tenth of a read.
gc.freeze()
gc.set_threshold(20_000, 20, 20)
