"""The smallest Django that live delivery needs: its servers start in half a second in the tests."""

from samspel.config import env

SECRET_KEY = env.text("SAMSPEL_SECRET_KEY", "a key for tests, long enough to be one and known to everybody")
SECRET_KEY_FALLBACKS: list[str] = []
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = ["samspel.live"]
ROOT_URLCONF = "tests.live.urls"
# It tells an answer's length, as in the product: one that ends too early is seen to be cut.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": env.database("SAMSPEL_DATABASE_URL", "postgresql:///samspel")
    | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
}
LIVE_STREAMS = env.whole("SAMSPEL_LIVE_STREAMS", 14_000)
LIVE_STREAMS_PER_ROOM = env.whole("SAMSPEL_LIVE_STREAMS_PER_ROOM", 12_000)
LIVE_BUS = env.redis("SAMSPEL_LIVE_BUS")
