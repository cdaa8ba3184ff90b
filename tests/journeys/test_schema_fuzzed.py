"""Whatever the description of the interface allows, and much that it does not: never a 5xx."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode

from config.wsgi import application
from tests.journeys.test_roles import one_of_each  # noqa: F401  # a fixture
from tests.journeys.watching import connections

schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])


@pytest.mark.slow
@schema.exclude(path_regex="/api/logout").parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_never_breaks(case, world, one_of_each):  # noqa: F811
    """D2, D4, D5, R9, G2: by a member of every role."""
    for client in one_of_each.values():
        answer = case.call(
            headers={"Authorization": f"Bearer {client.token}", "Idempotency-Key": "fuzz"}
        )
        assert answer.status_code < 500, answer.text
    assert connections
