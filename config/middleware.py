"""Headers that every answer carries."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

STRICT = "default-src 'none'; frame-ancestors 'none'"
DOCUMENTS = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)


class Headers:
    """No store, no frames, no scripts but the interface's own page's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        answer.headers.setdefault("Cache-Control", "no-store")
        page = request.path.startswith("/api/docs/")
        answer.headers.setdefault("Content-Security-Policy", DOCUMENTS if page else STRICT)
        answer.headers.setdefault("X-Frame-Options", "DENY")
        return answer
