"""
The published log over HTTP, for anybody: checkpoints, tiles, the log's key, policy and laws.

Files (``ledger.places`` says where they lie); but for the metrics the tables are never read. Only
names that a log and a tile can have are looked up, so no path leads out of the folder. A web server
in front may serve the same files.
"""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from ledger import network, places, publication, status, tiles
from ledger.readers import Folder

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@require_safe
def checkpoint(request: HttpRequest, name: str = "") -> HttpResponse:
    """The latest final checkpoint, with its cosignatures."""
    return _file(name, publication.CHECKPOINT, TEXT, ASK_AGAIN)


@require_safe
def signed(request: HttpRequest, name: str = "") -> HttpResponse:
    """The log's newest checkpoint, final or not."""
    return _file(name, publication.SIGNED, TEXT, ASK_AGAIN)


@require_safe
def patients(request: HttpRequest, name: str = "") -> HttpResponse:
    """The latest final head of the patients' lists, with the validators' cosignatures."""
    return _file(name, publication.PATIENTS, TEXT, ASK_AGAIN)


@require_safe
def policy(request: HttpRequest, name: str = "") -> HttpResponse:
    """Who must cosign; whoever wants to be sure has it from somewhere else."""
    return _file(name, publication.POLICY, TEXT, ASK_AGAIN)


@require_safe
def law(request: HttpRequest, digest: str, name: str = "") -> HttpResponse:
    """A law by its SHA-256, which the log names."""
    return _file(name, publication.law(digest), "application/json", FOR_EVER)


@require_safe
def vkey(request: HttpRequest, name: str = "") -> HttpResponse:
    """The log's verifier key; whoever wants to be sure has it from somewhere else."""
    return _file(name, publication.VKEY, TEXT, ASK_AGAIN)


PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """The page on which anybody checks a receipt; it tells the server nothing."""
    page = render_to_string("ledger/check.html", request=request)
    return HttpResponse(page, headers={"Content-Security-Policy": PAGE})


@require_safe
def tile(request: HttpRequest, path: str, name: str = "") -> HttpResponse:
    """A tile or a bundle of entries. A full tile replaces its partial ones, which then are 404."""
    found = tiles.parse_path(f"tile/{path}")
    return _file(name, found.path, BYTES, FOR_EVER) if found else _not_found()


@require_safe
def metrics(request: HttpRequest, name: str = "") -> HttpResponse:
    """How all logs are doing, for Prometheus; 404 unless RX_METRICS=1 opens it."""
    if not settings.METRICS:
        return _not_found()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Seen())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Seen(Collector):
    """Asks the database when it is asked, so that any web process gives the same answer."""

    def collect(self) -> Iterable[Metric]:
        return status.metrics([status.look(origin) for origin in network.working()])


def _file(name: str, path: str, content_type: str, cache: str) -> HttpResponse:
    try:
        content = Folder(places.published_at(name)).read(path)
    except tiles.Missing:
        return _not_found()
    return HttpResponse(content, content_type=content_type, headers={"Cache-Control": cache})


def _not_found() -> HttpResponse:
    problem = {"title": "There is nothing here.", "status": 404, "code": "log.not_found"}
    return JsonResponse(problem, status=404, content_type="application/problem+json")
