"""The pages of the area ``board``."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="board",
    title=_("监管看板"),
    roles=("regulator",),
    pages=(Page("board/", "board/home.js", _("监管看板")),),
    tabs=(Tab("board/", _("首页"), "home"),),
)
