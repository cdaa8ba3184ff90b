"""The pages of the area ``payer``."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="payer",
    title=_("医保与保险工作台"),
    roles=("officer",),
    pages=(Page("payer/", "payer/home.js", _("医保与保险工作台")),),
    tabs=(Tab("payer/", _("首页"), "home"),),
)
