"""The pages of the area ``pharmacy``."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="pharmacy",
    title=_("药房工作台"),
    roles=("pharmacist",),
    pages=(Page("pharmacy/", "pharmacy/home.js", _("药房工作台")),),
    tabs=(Tab("pharmacy/", _("首页"), "home"),),
)
