"""What everybody may see: the shop window, the log-in, the settings of the screen."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page

AREA = Area(
    name="",
    title=_("智慧医院"),
    roles=(),
    pages=(
        Page("", "window/home.js", _("智慧医院")),
        Page("enter", "window/enter.js", _("登录")),
        Page("settings", "window/settings.js", _("显示设置")),
    ),
)
