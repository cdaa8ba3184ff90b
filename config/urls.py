"""Every address of the server."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import errors
from config.demo import window
from ledger import api as ledger

handler400 = errors.page(400)
handler403 = errors.page(403)
handler404 = errors.page(404)
handler500 = errors.page(500)


def healthy(request: HttpRequest) -> HttpResponse:
    """Whether the process answers at all."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", healthy),
    path("api/", include("hospital.urls")),
    path("api/", include("hospital.consultations.urls")),
    path("api/", include("hospital.corrections.urls")),
    path("api/", include("hospital.faces.urls")),
    path("api/", include("hospital.feeds.urls")),
    path("api/", include("hospital.guardians.urls")),
    path("api/", include("hospital.notices.urls")),
    path("api/", include("hospital.readingkeys.urls")),
    path("api/", include("prescriptions.urls")),
    path("api/", include("prescriptions.appraisal.urls")),
    path("api/", include("prescriptions.catalogue.urls")),
    path("api/", include("prescriptions.sharing.urls")),
    path("api/", include("pharmacy.urls")),
    path("api/", include("insurance.urls")),
    path("api/", include("insurance.reconciliation.urls")),
    path("api/", include("insurance.journal.urls")),
    path("api/", include("insurance.board.urls")),
    path(
        "api/schema/",
        SpectacularAPIView.as_view(permission_classes=[], authentication_classes=[]),
        name="schema",
    ),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(permission_classes=[], authentication_classes=[]),
    ),
    path("check", ledger.check),
    path("log/", include("ledger.urls")),
    path("", include("web.urls")),
    re_path("^logs/(?P<name>[a-z0-9]+(?:[.-][a-z0-9]+)*)/", include("ledger.urls")),
]
if settings.DEMO:
    urlpatterns += [path("demo/people", window.people), path("demo/enter", window.enter)]
