"""
The published log over HTTP, for anybody: the checkpoint, the tiles, the log's key.

Files of LOG_FOLDER and nothing else; the tables are never read. Only names that a tile can have
are looked up, so no path leads out of the folder. A web server in front may serve the same files.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from ledger import publication, tiles
from ledger.readers import Folder

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The latest published checkpoint."""
    return _file(publication.CHECKPOINT, TEXT, ASK_AGAIN)


@require_safe
def vkey(request: HttpRequest) -> HttpResponse:
    """The log's verifier key; whoever wants to be sure has it from somewhere else."""
    return _file(publication.VKEY, TEXT, ASK_AGAIN)


@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile or a bundle of entries. A full tile replaces its partial ones, which then are 404."""
    found = tiles.parse_path(f"tile/{path}")
    return _file(found.path, BYTES, FOR_EVER) if found else _not_found()


def _file(path: str, content_type: str, cache: str) -> HttpResponse:
    try:
        content = Folder(settings.LOG_FOLDER).read(path)
    except tiles.Missing:
        return _not_found()
    return HttpResponse(content, content_type=content_type, headers={"Cache-Control": cache})


def _not_found() -> HttpResponse:
    problem = {"title": "There is nothing here.", "status": 404, "code": "log.not_found"}
    return JsonResponse(problem, status=404, content_type="application/problem+json")
