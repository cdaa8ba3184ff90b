from django.urls import path, re_path

from insurance import (
    api,
    api_check,
    api_claimants,
    api_claims,
    api_erasure,
    api_export,
    api_find,
    api_kept,
    api_parts,
    api_rewards,
)

ONE = "prescriptions/<uuid:prescription_id>"

urlpatterns = [
    path("me/export", api_export.Export.as_view()),
    path("prescriptions/check", api_check.Check.as_view()),
    path(f"{ONE}/pharmacies", api_find.Find.as_view()),
    path(f"{ONE}/authorize/statement", api.AuthorizeStatement.as_view()),
    path(f"{ONE}/authorize", api.Authorize.as_view()),
    path(f"{ONE}/withdraw/statement", api.WithdrawStatement.as_view()),
    path(f"{ONE}/withdraw", api.Withdraw.as_view()),
    path(f"{ONE}/dispense-part/statement", api_parts.DispensePartStatement.as_view()),
    path(f"{ONE}/dispense-part", api_parts.DispensePart.as_view()),
    path(f"{ONE}/decline/statement", api_parts.CannotServeStatement.as_view()),
    path(f"{ONE}/decline", api_parts.CannotServe.as_view()),
    path(f"{ONE}/substitute/statement", api_parts.SubstituteStatement.as_view()),
    path(f"{ONE}/substitute", api_parts.Substitute.as_view()),
    path(f"{ONE}/agree/statement", api_parts.AgreeStatement.as_view()),
    path(f"{ONE}/agree", api_parts.Agree.as_view()),
    path(f"{ONE}/disagree/statement", api_parts.DisagreeStatement.as_view()),
    path(f"{ONE}/disagree", api_parts.Disagree.as_view()),
    path(f"{ONE}/pay", api.Pay.as_view()),
    path("payments/notice", api.payment_notice),
    re_path("^payments/(?P<out_trade_no>P[0-9a-f]{30})/parameters$", api.PhoneParameters.as_view()),
    path("me/erasure", api_erasure.Erasure.as_view()),
    path("me/erasure/statement", api_erasure.ErasureStatement.as_view()),
    path("kept", api_kept.Kept.as_view()),
    path("kept/records/<uuid:record_id>", api_kept.KeptRecord.as_view()),
    re_path(
        "^kept/(?P<family>[a-z]{1,20})/(?P<subject_id>[0-9a-f-]{36})$", api_kept.OfSubject.as_view()
    ),
    path("me/rewards", api_rewards.Rewards.as_view()),
    path("rewards/owed", api_rewards.Owed.as_view()),
    path("coverages", api_claims.Coverages.as_view()),
    path("claims", api_claims.Claims.as_view()),
    path("claims/<uuid:prescription_id>/decide/statement", api_claims.DecideStatement.as_view()),
    path("claims/<uuid:prescription_id>/decide", api_claims.Decide.as_view()),
    path("claims/history", api_claimants.ClaimantsHistory.as_view()),
    path("claims/unsettled", api_claims.Unsettled.as_view()),
    path("settlements/statement", api_claims.SettlementStatement.as_view()),
    path("settlements", api_claims.Settlements.as_view()),
]
