"""Django's settings, made from `shipspeak.config`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.utils.crypto import salted_hmac

from shipspeak.config import exit_with, load_or_exit
from shipspeak.data_directory import data_directory, secret_key
from shipspeak.database import database_settings
from shipspeak.environment import ConfigError
from shipspeak.logs import logging_settings
from shipspeak.mail import mail_settings
from shipspeak.redis import cache_settings, channel_layer_settings
from shipspeak.security import BY_PREFIX, PAGES
from shipspeak.site_address import noted
from shipspeak.static_files import fingerprint, is_immutable

BASE_DIR = Path(__file__).resolve().parent.parent
CONFIG = load_or_exit()
try:
    DATA_DIR = data_directory(CONFIG)
    SECRET_KEY = secret_key(CONFIG)
except ConfigError as error:
    exit_with(error)

# The site
DEBUG = CONFIG.debug
ALLOWED_HOSTS = CONFIG.hosts
SITE_URL = CONFIG.site_url or noted(DATA_DIR)
ROOT_URLCONF = "shipspeak.urls"
ASGI_APPLICATION = "shipspeak.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LOGGING = logging_settings(debug=DEBUG, data_dir=DATA_DIR)

# Without "daphne", which serves nothing but runserver and costs every process 0.8 s at its start.
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_filters",
    "django_prometheus",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "realtime",
    "notifications",
    "jobs",
    "shipspeak",
    "shipspeak.accounts",
    "shipspeak.meetings",
    "shipspeak.pages",
]
# Every one of these must be able to run asynchronously: one that is not gives each long-poll below it a
# thread of its own. tests/platform/test_settings.py holds them to it.
MIDDLEWARE = [
    "shipspeak.health.HealthMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "shipspeak.static_files.StaticFiles",
    "shipspeak.security.PolicyByPath",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "notifications.context.unread",
            ]
        },
    }
]

# Storage
DATABASES = {"default": database_settings(CONFIG.database_url, DATA_DIR)}
MEDIA_ROOT = DATA_DIR / "uploads"
FILE_UPLOAD_TEMP_DIR = DATA_DIR  # on the same file system, so that what came in is renamed and not copied
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = max(CONFIG.upload_max_bytes, 2**20)
REDIS_URL = CONFIG.redis_url
CACHES = {"default": cache_settings(REDIS_URL)}
CHANNEL_LAYERS = {"default": channel_layer_settings(REDIS_URL)}

# Static files
STATIC_URL = f"/static/{fingerprint(BASE_DIR / 'static', BASE_DIR / 'requirements.txt')}/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 60
WHITENOISE_IMMUTABLE_FILE_TEST = is_immutable if not DEBUG else None
WHITENOISE_ALLOW_ALL_ORIGINS = False

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["shipspeak.accounts.guessing.Guard", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# What browsers and proxies are told
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "shipspeak.pages.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": PAGES}
CONTENT_SECURITY_POLICY_BY_PREFIX = BY_PREFIX
if CONFIG.behind_tls_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
METRICS_TOKEN = CONFIG.metrics_token
PROMETHEUS_EXPORT_MIGRATIONS = False

# AI providers
OPENAI_API_KEY = CONFIG.openai_api_key
OPENAI_BASE_URL = CONFIG.openai_base_url
OPENAI_MODEL = CONFIG.openai_model
OPENAI_EMBEDDING_MODEL = CONFIG.openai_embedding_model
MODEL_PRICES = CONFIG.model_prices
BUDGET_USD_PER_USER_PER_DAY = CONFIG.budget_usd_per_user_per_day
BUDGET_USD_PER_DAY = CONFIG.budget_usd_per_day
SHIPSPEAK_PROVIDERS = ",".join(CONFIG.providers)

# The engine
PROCESSING_MAX_RETRIES = CONFIG.processing_max_retries
PROCESSING_TIMEOUT = CONFIG.processing_timeout
PROCESSING_CONCURRENCY = CONFIG.processing_concurrency
PROCESSING_RETRY_BASE = CONFIG.processing_retry_base
QUEUE_MAX_SIZE = CONFIG.queue_max_size
QUEUE_MAX_PER_USER = CONFIG.queue_max_per_user
WORKER_POOL_SIZE = CONFIG.worker_pool_size
WORKER_HEARTBEAT_INTERVAL = CONFIG.heartbeat
LEASE_SECONDS = CONFIG.lease_seconds
UPLOAD_MAX_BYTES = CONFIG.upload_max_bytes
RESULT_RETENTION_DAYS = CONFIG.result_retention_days
UPLOAD_RETENTION_DAYS = CONFIG.upload_retention_days
EVENT_RETENTION_DAYS = CONFIG.event_retention_days
NOTIFICATION_RETENTION_DAYS = CONFIG.notification_retention_days
CALL_RETENTION_DAYS = CONFIG.call_retention_days
# A drain is a task of at most 4,200 s (`jobs.worker`); django-q2 must neither end it before nor hand it
# out again, and its retry clock starts at dequeue.
Q_CLUSTER = {
    "name": "shipspeak",
    "orm": "default",
    "workers": WORKER_POOL_SIZE,
    "timeout": 4_500,
    "retry": 5_400,
    "queue_limit": 1,
    "bulk": 1,
    "ack_failures": True,
    "max_attempts": 3,
    "save_limit": -1,
    "catch_up": False,
    "poll": 0.1,
    "log_level": "WARNING",
}

# Sockets
WEBSOCKET_PING_INTERVAL = CONFIG.websocket_ping_interval
WEBSOCKET_CONNECTION_TIMEOUT = CONFIG.websocket_connection_timeout
WEBSOCKET_MAX_CONNECTIONS = CONFIG.websocket_max_connections
WEBSOCKET_MAX_PER_USER = CONFIG.websocket_max_per_user
WEBSOCKET_CORS_ORIGINS = CONFIG.websocket_cors_origins
REALTIME_AUTHENTICATE = "shipspeak.accounts.bearers.user_with"
REALTIME_REDEEM = "shipspeak.accounts.tickets.redeem"

# The API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "shipspeak.accounts.authentication.ApiKeyAuthentication",
        "shipspeak.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "shipspeak.accounts.permissions.KeyHasScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["jobs.api.parsers.StrictJSON"],
    "EXCEPTION_HANDLER": "jobs.api.problems.handler",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": CONFIG.api_rate},
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "CHECK_REVOKE_TOKEN": True,
    "SIGNING_KEY": salted_hmac(
        "shipspeak.accounts.bearers", "", secret=SECRET_KEY, algorithm="sha256"
    ).hexdigest(),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ShipSpeak",
    "DESCRIPTION": "AI jobs that people can watch.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "jobs.api.streams.describe_streams",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Mail
DEFAULT_FROM_EMAIL = SERVER_EMAIL = CONFIG.default_from_email
MAIL = mail_settings(CONFIG.email_url)
EMAIL_BACKEND = MAIL.backend
EMAIL_HOST = MAIL.host
EMAIL_PORT = MAIL.port
EMAIL_HOST_USER = MAIL.user
EMAIL_HOST_PASSWORD = MAIL.password
EMAIL_USE_TLS = MAIL.use_tls
EMAIL_USE_SSL = MAIL.use_ssl
EMAIL_FILE_PATH = MAIL.folder
EMAIL_TIMEOUT = 15

# The admin
UNFOLD = {
    "SITE_TITLE": "ShipSpeak",
    "SITE_HEADER": "ShipSpeak",
    "SITE_URL": "/",
    "SHOW_VIEW_ON_SITE": False,
    "SITE_SYMBOL": "graphic_eq",
    "COLORS": {
        "primary": {  # the pages' one accent; see static/css/tokens.css
            "50": "#f1f4fe",
            "100": "#e9edfd",
            "200": "#c3cdf8",
            "300": "#a3b4ff",
            "400": "#7b90f5",
            "500": "#4a64e8",
            "600": "#2743cc",
            "700": "#1d34a6",
            "800": "#1d2a78",
            "900": "#1d2446",
            "950": "#12172e",
        }
    },
}
