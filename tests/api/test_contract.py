"""The API holds what its OpenAPI says, whatever is sent: Schemathesis makes right and wrong requests from it."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import (
    ChecksConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)

from samspel.config.wsgi import application
from samspel.core.actor import Actor
from samspel.core.limits import BUCKETS
from samspel.people.keys import new_key
from tests.people import Town

# What units and services are called is each municipality's own, so that a right request may still name none that is
# here: it is answered by 422.
NAMES = PositiveDataAcceptanceConfig(expected_statuses=["2xx", "400", "401", "404", "409", "422"])
CONFIG = SchemathesisConfig(
    projects=ProjectsConfig(default=ProjectConfig(checks=ChecksConfig(positive_data_acceptance=NAMES)))
)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """A request closes no connection here: the test's rows are in its transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


SENT = (
    "/api/v1/answers",
    "/api/v1/answers/batch",
    "/api/v1/answers/withdraw",
    "/api/v1/units/{unit_id}/points/{point_id}/links",
    "/api/v1/exchange/posts",
)
READ = (
    "/api/v1/units/{unit_id}/points",
    "/api/v1/units/{unit_id}/rounds",
    "/api/v1/services",
    "/api/v1/services/{key}/{table}",
    "/api/v1/exchange/posts",
)


# There is no wrong way to ask for what takes nothing.
CASES = [
    (method, path, mode)
    for method, paths in (("POST", SENT), ("GET", READ))
    for path in paths
    for mode in GenerationMode
    if method == "POST" or "{" in path or mode == GenerationMode.POSITIVE
]


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_what_is_sent_is_answered_as_the_schema_says(method: str, path: str, mode: GenerationMode, town: Town) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application, config=CONFIG)
    requests = schema[path][method].as_strategy(generation_mode=mode)
    key = new_key(actor=Actor("person", name="command line", is_administrator=True), email=town.administrator.email)

    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        BUCKETS.clear()
        data.draw(requests).call_and_validate(headers={"Authorization": f"Bearer {key}"})

    send()
