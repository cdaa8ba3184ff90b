from django.urls import path

from web import views
from web.areas import AREAS

urlpatterns = [
    path("words.js", views.words),
    *(path(f"{area}/worker.js", views.worker(area)) for area in views.KEPT_AREAS),
    *(path(page.path, views.shell(area, page)) for area in AREAS for page in area.pages),
]
