"""The pages of the area ``courier``: one, for a phone."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="courier",
    title=_("配送"),
    roles=("courier",),
    pages=(Page("courier/", "courier/home.js", _("我的包裹")),),
    tabs=(Tab("courier/", _("包裹"), "truck"),),
)
