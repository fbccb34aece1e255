"""The smallest Django that live delivery needs: its servers start in half a second in the tests."""

from samspel.config import env

SECRET_KEY = env.text("SAMSPEL_SECRET_KEY", "a key for tests only")
SECRET_KEY_FALLBACKS: list[str] = []
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = ["samspel.live"]
ROOT_URLCONF = "tests.live.urls"
DATABASES = {
    "default": env.database("SAMSPEL_DATABASE_URL", "postgresql:///samspel")
    | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
}
