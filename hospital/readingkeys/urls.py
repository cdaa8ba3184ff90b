from django.urls import path

from hospital.readingkeys import api

urlpatterns = [
    path("reading-key", api.Standing.as_view()),
    path("reading-key/propose", api.Proposal.as_view()),
    path("reading-key/propose/statement", api.ProposalStatement.as_view()),
    path("reading-key/register", api.Registration.as_view()),
    path("reading-key/register/statement", api.RegistrationStatement.as_view()),
    path("reading-key/lift", api.Lifting.as_view()),
    path("reading-key/lift/statement", api.LiftingStatement.as_view()),
    path("reading-key/revoke", api.Revocation.as_view()),
    path("reading-key/revoke/statement", api.RevocationStatement.as_view()),
]
