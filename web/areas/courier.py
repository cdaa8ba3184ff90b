"""The pages of the area ``courier``."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="courier",
    title=_("配送"),
    roles=("courier",),
    pages=(Page("courier/", "courier/home.js", _("配送")),),
    tabs=(Tab("courier/", _("首页"), "home"),),
)
