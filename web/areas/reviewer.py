"""The pages of the area ``reviewer``."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="reviewer",
    title=_("审方工作台"),
    roles=("reviewer",),
    pages=(Page("reviewer/", "reviewer/home.js", _("审方工作台")),),
    tabs=(Tab("reviewer/", _("首页"), "home"),),
)
