"""
The simulator as a WSGI application, to be served by ONE process: its state is in memory.

    granian --interface wsgi --workers 1 --blocking-threads 16 config.simulators.wsgi:application

Its environment: ``WECHAT_SIMULATOR_KEYS`` (default ``RX_HOME``/simulator; made by ``keys.make``),
``WECHAT_SIMULATOR_CLOCK`` (how many times faster notices are repeated), ``WECHAT_APPID``,
``WECHAT_SECRET``, ``WECHAT_MCHID``, ``TENCENTCLOUD_SECRET_ID``, ``TENCENTCLOUD_SECRET_KEY``,
``FACEID_RULE_ID``, ``COURIER_APP``, ``COURIER_SECRET``, ``COURIER_NOTIFY_URL`` (where the courier
company tells of parcels). WeChat needs no address of the hospital: orders say where notices go.
Bind it to the loopback only, for whoever reaches it can pay.
"""

import os

from config.simulators import site

application = site.build(os.environ)
