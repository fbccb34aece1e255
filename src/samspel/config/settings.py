"""Django's settings, read once from ``SAMSPEL_*`` variables; docs/reference/settings.md describes each.

What the server can do is set here. What a municipality has decided is a row in its database (``core.defaults``).
"""

import secrets
from pathlib import Path

from samspel.config import env

PACKAGE = Path(__file__).resolve().parent.parent
VAR = Path(env.text("SAMSPEL_VAR", "var")).resolve()


def _secret_key() -> str:
    """The given key, or one of our own kept in var/secret-key (0600) so that sign-ins outlive a restart."""
    given = env.text("SAMSPEL_SECRET_KEY", "")
    if given:
        return given
    path = VAR / "secret-key"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    VAR.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(50)
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(key)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    return key


DEBUG = env.flag("SAMSPEL_DEBUG", False)
SECRET_KEY = _secret_key()
SITE_URL = env.text("SAMSPEL_SITE_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.words("SAMSPEL_HOSTS", ("*",))
# A hall's own network is plain HTTP; a municipality's installation says https in SAMSPEL_SITE_URL.
HTTPS = SITE_URL.startswith("https://")
TRUSTED_PROXIES = env.whole("SAMSPEL_TRUSTED_PROXIES", 0)
IS_DEMO = env.flag("SAMSPEL_DEMO", False)
# Processes that serve pages and count guesses apart (core.limits); `samspel serve --workers` tells its own.
PAGE_PROCESSES = env.whole("SAMSPEL_WORKERS", 1, least=1)
ALLOW_UNSAFE_DATABASE = env.flag("SAMSPEL_ALLOW_UNSAFE_DATABASE", False)

INSTALLED_APPS = [
    # before allauth, whose templates these give our own look
    "samspel.ui",
    "samspel.people",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "samspel.core",
    "samspel.live",
    "samspel.encounters",
    "samspel.exchange",
    "samspel.dialogues",
    "samspel.api",
    "samspel.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "samspel.core.middleware.PolicyMiddleware",
    "samspel.core.middleware.CachingMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "samspel.core.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "samspel.core.middleware.ActorMiddleware",
    "samspel.core.middleware.ErrorMiddleware",
]

ROOT_URLCONF = "samspel.config.urls"
WSGI_APPLICATION = "samspel.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Person"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "samspel.ui.context.page",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "samspel.ui.templatetags.sam"],
        },
    }
]

DATABASES = {
    "default": env.database("SAMSPEL_DATABASE_URL", "postgresql:///samspel")
    | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Live delivery: open streams that one process, and one room in it, carries; one more is told to come back (503).
LIVE_STREAMS = env.whole("SAMSPEL_LIVE_STREAMS", 14_000, least=1)
LIVE_STREAMS_PER_ROOM = env.whole("SAMSPEL_LIVE_STREAMS_PER_ROOM", 12_000, least=1)
# redis://… carries the notices instead of PostgreSQL's NOTIFY; the address may hold a password.
LIVE_BUS = env.redis("SAMSPEL_LIVE_BUS")

# Encounters: the folder of answers that have left the database, the key of this municipality's part of it, and what
# counting may take of the machine.
ENCOUNTERS = VAR / "encounters"
MUNICIPALITY = env.text("SAMSPEL_MUNICIPALITY", "own")
FIGURES_ENGINE = env.engine("SAMSPEL_FIGURES_ENGINE")
FIGURES_MEMORY = env.text("SAMSPEL_FIGURES_MEMORY", "1GB")
FIGURES_THREADS = env.whole("SAMSPEL_FIGURES_THREADS", 2, least=1)

# Languages: texts are written in Swedish first; msgids are Swedish.
LANGUAGE_CODE = "sv"
LANGUAGES = [("sv", "Svenska"), ("da", "Dansk"), ("en", "English")]
LOCALE_PATHS: list[str] = []
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("SAMSPEL_TIME_ZONE", "Europe/Stockholm")

# Static files: built into the package and served from there by WhiteNoise. The address holds the build's own hash,
# so that a browser may keep each file for a year.
_build = PACKAGE / "ui" / "static" / "samspel" / "build" / "version.txt"
STATIC_VERSION = _build.read_text(encoding="ascii").strip() if _build.exists() else "unbuilt"
STATIC_URL = f"/static/{STATIC_VERSION}/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR / "files"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 60 if DEBUG else 60 * 60 * 24 * 365
WHITENOISE_ADD_HEADERS_FUNCTION = None
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]

# Sign-in
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "samspel.people.passwords.Argon2idHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "samspel.people.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "samspel.people.adapters.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an administrator or the identity provider, never by sign-up
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Samspel] "
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
# Ends with a new password or address, as allauth's own does, but asks the database nothing: whoever asks for a letter
# would notice by the time it takes that there is an account.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 (a class)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Samspel"
_oidc_server = env.text("SAMSPEL_OIDC_SERVER", "")
# Whom an administrator has written in is known by her address at the first sign-in, and by the provider's own number
# from then on. Only an address that the provider has verified counts; the setting is for one that does not say.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "organisation",
                "name": env.text("SAMSPEL_OIDC_NAME", "Organisationens inloggning"),
                "client_id": env.text("SAMSPEL_OIDC_CLIENT_ID", ""),
                "secret": env.text("SAMSPEL_OIDC_CLIENT_SECRET", ""),
                "settings": {
                    "server_url": _oidc_server,
                    "verified_email": env.flag("SAMSPEL_OIDC_TRUSTS_ADDRESSES", False),
                },
            }
        ]
        if _oidc_server
        else [],
    }
}

# Cookies and headers
SESSION_COOKIE_NAME = "samspel_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CSRF_COOKIE_NAME = "samspel_csrf"
CSRF_FAILURE_VIEW = "samspel.ui.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if HTTPS else []
LANGUAGE_COOKIE_NAME = "samspel_language"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_SSL_REDIRECT = False  # the proxy in front does it; a hall without HTTPS must work
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_000_000

# Mail: without a server the letters lie as files in var/mail.
DEFAULT_FROM_EMAIL = env.text("SAMSPEL_MAIL_FROM", "Samspel <samspel@localhost>")
_smtp = env.mail_server("SAMSPEL_SMTP_URL")
if _smtp is None:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _smtp["host"]
    EMAIL_PORT = _smtp["port"]
    EMAIL_HOST_USER = _smtp["user"]
    EMAIL_HOST_PASSWORD = _smtp["password"]
    EMAIL_USE_SSL = _smtp["ssl"]
    EMAIL_USE_TLS = not _smtp["ssl"]
    EMAIL_TIMEOUT = 20

# Logs: what happened, never what was said. Requests are logged without query strings or bodies.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"no_words": {"()": "samspel.core.logs.NoWords"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["no_words"]}},
    "root": {"handlers": ["stderr"], "level": env.text("SAMSPEL_LOG_LEVEL", "WARNING")},
    "loggers": {
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
    },
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "samspel.core.logs.NoVariables"
