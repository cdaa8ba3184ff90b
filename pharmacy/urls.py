from django.urls import path

from pharmacy import (
    api,
    api_double_check,
    api_history,
    api_requests,
    api_serving,
    api_stock,
)

ONE = "prescriptions/<uuid:prescription_id>"

urlpatterns = [
    path("scans", api.Scans.as_view()),
    path("scans/<uuid:scan_id>", api.ScanDetail.as_view()),
    path(f"{ONE}/double-check/<uuid:scan_id>", api_double_check.ToCheck.as_view()),
    path(f"{ONE}/double-check/statement", api_double_check.DoubleCheckStatement.as_view()),
    path(f"{ONE}/double-check", api_double_check.DoubleCheck.as_view()),
    path(f"{ONE}/dispense/statement", api.DispenseStatement.as_view()),
    path(f"{ONE}/dispense", api.Dispense.as_view()),
    path(f"{ONE}/change-request/statement", api_requests.AskChangeStatement.as_view()),
    path(f"{ONE}/change-request", api_requests.AskChange.as_view()),
    path("parcels", api.Parcels.as_view()),
    path(f"{ONE}/ship/statement", api.ShipStatement.as_view()),
    path(f"{ONE}/ship", api.Ship.as_view()),
    path(f"{ONE}/delivery-code", api.DeliveryCode.as_view()),
    path(f"{ONE}/deliver/statement", api.DeliverStatement.as_view()),
    path(f"{ONE}/deliver", api.Deliver.as_view()),
    path("history", api_history.History.as_view()),
    path("guardianships/<uuid:guardianship_id>/history", api_history.WardsHistory.as_view()),
    path("double-checks", api_double_check.DoubleChecks.as_view()),
    path("hours", api_serving.Hours.as_view()),
    path("carriages", api_serving.Carriages.as_view()),
    path("stock", api_stock.Stock.as_view()),
    path("stock/receipts", api_stock.Receipts.as_view()),
    path("stock/lots", api_stock.Lots.as_view()),
    path("stock/lots/<uuid:lot_id>/state", api_stock.Put.as_view()),
    path("stock/counts", api_stock.Counts.as_view()),
    path("stock/counts/<uuid:count_id>/confirm", api_stock.Confirm.as_view()),
    path("stock/reconciliation", api_stock.Reconciliation.as_view()),
]
