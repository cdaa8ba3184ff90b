"""Whatever the description of the interface allows, and much that it does not: never a 5xx."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from tests.journeys.test_roles import one_of_each  # noqa: F401  # a fixture
from tests.world import application

OURSELVES = {"/api/logout": "it would end the sessions"}
SETTINGS = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode)
def test_never_breaks(world, one_of_each, mode):  # noqa: F811
    """D2, D4, D5, R9, G2, G4: every operation, by a member of every role."""
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    seen: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # an Err raises here, as it should
        if operation.path in OURSELVES:
            continue

        @SETTINGS
        @given(operation.as_strategy(generation_mode=mode))
        def attempt(case):
            for client in one_of_each.values():
                headers = {"Authorization": f"Bearer {client.token}"}
                answer = case.call(headers={**headers, "Idempotency-Key": uuid4().hex})
                seen[answer.status_code] += 1
                assert answer.status_code < 500, (case.as_curl_command(), answer.text)

        attempt()
    assert sum(seen.values()) > 1_000
    assert not [status for status in seen if status >= 500]
