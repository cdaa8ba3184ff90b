from django.urls import path, re_path

from hospital import api, api_consents, api_emergencies, api_entries, api_granted, api_looks

GRANT = "me/grants/<uuid:grant_id>"
PLEA = "break-glass/<uuid:emergency_id>"
EMERGENCY = "emergencies/<uuid:emergency_id>"

urlpatterns = [
    path("login/challenge", api.Challenge.as_view()),
    path("login/key", api.KeyLogin.as_view()),
    path("login/wechat", api.WeChatLogin.as_view()),
    path("login/enrolment", api.EnrolmentLogin.as_view()),
    path("logout", api.Logout.as_view()),
    path("me/addresses", api.Addresses.as_view()),
    path("me/entries", api_entries.MyEntries.as_view()),
    path("me/entries/proof", api_entries.MyProof.as_view()),
    path("me/looks", api_looks.MyLooks.as_view()),
    path("me/grants", api_consents.Grants.as_view()),
    path("me/grants/statement", api_consents.GrantStatement.as_view()),
    path(f"{GRANT}/withdraw", api_consents.GrantWithdrawal.as_view()),
    path(f"{GRANT}/withdraw/statement", api_consents.GrantWithdrawalStatement.as_view()),
    path("grants", api_granted.Granted.as_view()),
    path("break-glass", api_emergencies.Pleas.as_view()),
    path("break-glass/statement", api_emergencies.PleaStatement.as_view()),
    path(PLEA, api_emergencies.PleaDetail.as_view()),
    path(f"{PLEA}/second", api_emergencies.Second.as_view()),
    path(f"{PLEA}/second/statement", api_emergencies.SecondStatement.as_view()),
    path("emergencies", api_emergencies.Emergencies.as_view()),
    path(EMERGENCY, api_emergencies.EmergencyDetail.as_view()),
    path(f"{EMERGENCY}/review", api_emergencies.EmergencyReview.as_view()),
    path(f"{EMERGENCY}/review/statement", api_emergencies.EmergencyReviewStatement.as_view()),
    path("keys", api.Keys.as_view()),
    path("keys/statement", api.KeysStatement.as_view()),
    path("keys/recover", api.Recovery.as_view()),
    path("keys/recover/statement", api.RecoveryStatement.as_view()),
    path("keys/revoke", api.Revocation.as_view()),
    path("keys/revoke/statement", api.RevocationStatement.as_view()),
    path("entries", api_entries.Entries.as_view()),
    re_path("^receipts/(?P<leaf>[0-9a-f]{64})$", api_entries.Receipt.as_view()),
    path("organisations", api.Organisations.as_view()),
]
