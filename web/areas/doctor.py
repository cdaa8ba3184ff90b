"""The pages of the area ``doctor``."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="doctor",
    title=_("医生工作台"),
    roles=("doctor",),
    pages=(
        Page("doctor/", "doctor/home.js", _("问诊")),
        Page("doctor/consultation", "doctor/consultation.js", _("问诊与开方")),
        Page("doctor/prescribe", "doctor/prescribe.js", _("门诊开方")),
        Page("doctor/prescriptions", "doctor/prescriptions.js", _("我的处方")),
        Page("doctor/prescription", "doctor/prescription.js", _("处方")),
        Page("doctor/change", "doctor/change.js", _("修改处方")),
        Page("doctor/tasks", "doctor/tasks.js", _("待办")),
        Page("doctor/countersign", "doctor/countersign.js", _("会签")),
        Page("doctor/correction", "doctor/correction.js", _("更正请求")),
        Page("doctor/history", "doctor/history.js", _("用药史")),
    ),
    tabs=(
        Tab("doctor/", _("问诊"), "chat"),
        Tab("doctor/prescribe", _("开方"), "list"),
        Tab("doctor/prescriptions", _("我的处方"), "box"),
        Tab("doctor/tasks", _("待办"), "bell"),
        Tab("doctor/history", _("用药史"), "eye"),
    ),
)
