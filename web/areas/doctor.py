"""The pages of the area ``doctor``."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="doctor",
    title=_("医生工作台"),
    roles=("doctor",),
    pages=(Page("doctor/", "doctor/home.js", _("医生工作台")),),
    tabs=(Tab("doctor/", _("首页"), "home"),),
)
