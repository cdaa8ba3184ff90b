"""The pages of the area ``patient``."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="patient",
    title=_("患者"),
    roles=("patient",),
    pages=(Page("patient/", "patient/home.js", _("患者")),),
    tabs=(Tab("patient/", _("首页"), "home"),),
)
