from django.urls import path

from prescriptions.catalogue import api

urlpatterns = [
    path("medicines", api.Medicines.as_view()),
]
