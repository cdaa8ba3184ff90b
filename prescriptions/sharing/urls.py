from django.urls import path

from prescriptions.sharing import api, api_uses

ONE = "offers/<uuid:offer_id>"
MINE = "me/opt-ins/<uuid:opt_in_id>"

urlpatterns = [
    path("offers", api.Offers.as_view()),
    path("offers/statement", api.OfferStatement.as_view()),
    path(f"{ONE}/decide", api.OfferDecision.as_view()),
    path(f"{ONE}/decide/statement", api.OfferDecisionStatement.as_view()),
    path(f"{ONE}/close", api.Close.as_view()),
    path(f"{ONE}/close/statement", api.CloseStatement.as_view()),
    path(f"{ONE}/opt-in", api.GiveOptIn.as_view()),
    path(f"{ONE}/opt-in/statement", api.GiveOptInStatement.as_view()),
    path(f"{ONE}/records", api_uses.Records.as_view()),
    path(f"{ONE}/counts", api_uses.Counts.as_view()),
    path("me/opt-ins", api.OptIns.as_view()),
    path(f"{MINE}/withdraw", api.Withdraw.as_view()),
    path(f"{MINE}/withdraw/statement", api.WithdrawStatement.as_view()),
]
