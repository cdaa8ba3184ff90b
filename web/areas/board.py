"""The pages of the area ``board``: what a regulator sees."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="board",
    title=_("监管看板"),
    roles=("regulator",),
    pages=(
        Page("board/", "board/home.js", _("监管看板")),
        Page("board/figures", "board/figures.js", _("统计")),
        Page("board/entry", "board/entry.js", _("查账本")),
        Page("board/recalls", "board/recalls.js", _("药品召回")),
        Page("board/reviews", "board/reviews.js", _("审查")),
    ),
    tabs=(
        Tab("board/", _("实时"), "chart"),
        Tab("board/figures", _("统计"), "list"),
        Tab("board/entry", _("查账本"), "search"),
        Tab("board/recalls", _("召回"), "box"),
        Tab("board/reviews", _("审查"), "eye"),
    ),
)
