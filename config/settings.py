"""Settings, all of them from the environment; see ``config.home`` for what ``RX_HOME`` decides."""

import os
from datetime import timedelta
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from config import home

BASE_DIR = home.BASE
PRODUCTION = os.environ.get("RX_ENV") == "production"


def _django_key() -> str:
    """The secret for Django's own signing; made by ``manage.py init``, never a default."""
    path = Path(home.KEYS) / "django.key"
    return os.environ.get("SECRET_KEY") or (path.read_text().strip() if path.exists() else "")


SECRET_KEY = _django_key() or ("" if PRODUCTION else "only-until-manage.py-init-has-run" * 2)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "ledger",
    "hospital",
    "hospital.consultations",
    "hospital.corrections",
    "hospital.faces",
    "hospital.feeds",
    "hospital.guardians",
    "hospital.notices",
    "hospital.readingkeys",
    "prescriptions",
    "prescriptions.appraisal",
    "prescriptions.catalogue",
    "prescriptions.sharing",
    "pharmacy",
    "insurance",
    "insurance.reconciliation",
    "insurance.journal",
    "insurance.board",
    "web",
    "config",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.Headers",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # a field of 1 MB is still told by its name

DATABASES = {
    "default": {
        **dj_database_url.parse(home.database_url(), conn_max_age=600, conn_health_checks=True),
        "OPTIONS": {
            "options": "-c lock_timeout=5s -c statement_timeout=30s"
            " -c idle_in_transaction_session_timeout=30s"
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "hospital.Account"

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # the interface's page, straight from the installed packages
# Where the shop window is open, a file that was changed is served as it is now, to whom reloads.
# Elsewhere each file's length and time are read once, when a server begins.
DEMO = not PRODUCTION and os.environ.get("RX_DEMO") == "1"
WHITENOISE_AUTOREFRESH = DEMO
WHITENOISE_MAX_AGE = 0 if DEMO else 60  # seconds
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = sorted((BASE_DIR / "web" / "locale").iterdir())  # one for each area of the screens
USE_TZ = True
TIME_ZONE = "UTC"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["hospital.authentication.Bearer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["hospital.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "config.schema.Schema",
    "EXCEPTION_HANDLER": "config.errors.to_problem",
    "UNAUTHENTICATED_USER": None,
}
REST_KNOX = {
    "SECURE_HASH_ALGORITHM": "hashlib.sha512",
    "TOKEN_TTL": timedelta(hours=12),
    "AUTO_REFRESH": False,
    "AUTH_HEADER_PREFIX": "Bearer",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Smart hospital: electronic prescriptions",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

CELERY_BROKER_URL = home.broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1

# The ledger: its name for ever, where its private keys lie, where its tiles are published.
LEDGER_ORIGIN = os.environ.get("RX_ORIGIN", "rx.example/log")
# People's entries are spread over so many lines of logs, each with its own sequencer and key.
LEDGER_LINES = max(1, int(os.environ.get("RX_LINES", "1")))
KEY_FOLDER = Path(home.KEYS)
# Who holds the key that wraps all others (``hospital.keyservice``), and the embedded one's file:
# in production on another disk than the data, and in no backup beside them.
KEY_SERVICE = os.environ.get("RX_KEY_SERVICE", "hospital.keyservice.FileKeys")
HANDED_OVER = "insurance.journal.post.handed_over"
KEK_FILE = Path(kek) if (kek := os.environ.get("RX_KEK")) else None
LOG_FOLDER = Path(home.LOG)
# After the loss of every key a patient's new one signs nothing for so many hours; 24 at least.
KEY_RECOVERY_WAIT_H = int(os.environ.get("RX_KEY_RECOVERY_WAIT_H", "24"))
# From how many fen in all on somebody has to look at the patient's face before it is authorized.
FACE_FROM_FEN = int(os.environ.get("RX_FACE_FROM_FEN", "500000"))
# Up to how many fen in all a pharmacy may give out while it cannot reach this server.
OFFLINE_TO_FEN = int(os.environ.get("RX_OFFLINE_TO_FEN", "50000"))
# Who must cosign (a C2SP tlog-policy; where there is no file, nobody but the log), how long a
# witness may take, and within how many seconds an entry is promised to be final.
LEDGER_POLICY = Path(os.environ.get("RX_POLICY") or home.HOME / "policy")
LEDGER_WITNESS_TIMEOUT_S = float(os.environ.get("RX_WITNESS_TIMEOUT_S", "1"))
LEDGER_MERGE_DELAY_S = int(os.environ.get("RX_MERGE_DELAY_S", "60"))
# How many seconds before the database's clock an entry may be dated (signing.FRESH and a little),
# and how far one clock may run ahead of another. The law's LATE_S must be more than 1 × + 2 ×.
LEDGER_CLOCKS_S = (720, 60)
# How many seconds a reviewer has a prescription alone, and how many minutes one may wait for review
# before it is overdue. Both numbers are ours: the rules on review of 2018 (国卫办医发〔2018〕14号)
# name none (unconfirmed).
REVIEW_LEASE_S = int(os.environ.get("RX_REVIEW_LEASE_S", "300"))
REVIEW_TIMEOUT_MIN = int(os.environ.get("RX_REVIEW_TIMEOUT_MIN", "30"))
# How many consultations a patient may have asked for or be in at one moment; the number is ours.
CONSULTATIONS_MOST = int(os.environ.get("RX_CONSULTATIONS_MOST", "5"))
# Webhooks to this very machine, for demo and tests; elsewhere they go to the internet alone.
FEEDS_LOCAL = not PRODUCTION and os.environ.get("RX_FEEDS_LOCAL") == "1"
# The regulator's live feed (``hospital.live``): its address for pages, the one site whose pages may
# read it, how many readers it serves, and how many of them of one account.
LIVE_URL = os.environ.get("RX_LIVE", "")
SITE_ORIGIN = os.environ.get("RX_SITE", "")
LIVE_CLIENTS_MOST = int(os.environ.get("RX_LIVE_CLIENTS", "500"))
LIVE_EACH_MOST = int(os.environ.get("RX_LIVE_EACH", "20"))
METRICS = os.environ.get("RX_METRICS") == "1"  # opens /log/metrics
LEDGER_POST_QUANTUM = os.environ.get("RX_POST_QUANTUM") == "1"

# WeChat; the defaults are the simulator's, and going live is a change of these.
WECHAT = {
    "api_base": os.environ.get("WECHAT_API_BASE", "https://api.weixin.qq.com"),
    "pay_base": os.environ.get("WECHAT_PAY_BASE", "https://api.mch.weixin.qq.com"),
    "appid": os.environ.get("WECHAT_APPID", ""),
    "secret": os.environ.get("WECHAT_SECRET", ""),
    "mchid": os.environ.get("WECHAT_MCHID", ""),
    "notify_url": os.environ.get("WECHAT_NOTIFY_URL", ""),
    "transfer_scene": os.environ.get("WECHAT_TRANSFER_SCENE", "1000"),  # 现金营销
    "key_folder": Path(os.environ.get("WECHAT_KEYS") or home.KEYS / "wechat"),
}
# Templates of subscribe messages by topic (hospital.notices.kinds), as WeChat's console names them;
# a topic without one is told of in the inbox alone. Fields: thing1, time2.
WECHAT_TEMPLATES = {
    topic: template
    for topic, template in {
        "prescription": os.environ.get("WECHAT_TEMPLATE_PRESCRIPTION"),
        "parcel": os.environ.get("WECHAT_TEMPLATE_PARCEL"),
        "security": os.environ.get("WECHAT_TEMPLATE_SECURITY"),
    }.items()
    if template
}

# Pages outside WeChat find its camera and cashier here: the simulator's. Empty: they run inside it.
WECHAT_PHONE = os.environ.get("WECHAT_PHONE", "")

# Who looks at faces, in the whole deployment: "wechat", or "tencent" (faceid; decision 0038).
FACE_PROVIDER = os.environ.get("FACE_PROVIDER") or "wechat"
TENCENT_CLOUD = {
    "base": os.environ.get("TENCENTCLOUD_FACEID_BASE", "https://faceid.tencentcloudapi.com"),
    "secret_id": os.environ.get("TENCENTCLOUD_SECRET_ID", ""),
    "secret_key": os.environ.get("TENCENTCLOUD_SECRET_KEY", ""),
    "rule_id": os.environ.get("FACEID_RULE_ID", ""),
}
if FACE_PROVIDER not in ("wechat", "tencent"):
    raise ImproperlyConfigured("FACE_PROVIDER is neither wechat nor tencent")
if FACE_PROVIDER == "tencent" and not all(TENCENT_CLOUD.values()):
    raise ImproperlyConfigured("FACE_PROVIDER tencent needs TENCENTCLOUD_* and FACEID_RULE_ID")

# The courier company whose orders go over a port (``pharmacy.gateways.courier``); without it
# couriers see what is to be fetched on their page alone.
COURIER = {
    "organisation": os.environ.get("COURIER_ORGANISATION", ""),
    "base": os.environ.get("COURIER_BASE", ""),
    "app": os.environ.get("COURIER_APP", ""),
    "secret": os.environ.get("COURIER_SECRET", ""),
}
if any(COURIER.values()) and not all(COURIER.values()):
    raise ImproperlyConfigured("COURIER_* names a company, its address, an app and a secret")

SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # config.middleware.Headers says X-Frame-Options
    "security.W003",  # no cookie but the language's, so no request can be forged from another site
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
