"""The pages of the area ``reviewer``."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="reviewer",
    title=_("审方工作台"),
    roles=("reviewer",),
    pages=(
        Page("reviewer/", "reviewer/home.js", _("处方审核")),
        Page("reviewer/appraisal", "reviewer/appraisal.js", _("处方点评")),
        Page("reviewer/case", "reviewer/case.js", _("点评一张处方")),
        Page("reviewer/figures", "reviewer/figures.js", _("审方统计")),
    ),
    tabs=(
        Tab("reviewer/", _("审核"), "list"),
        Tab("reviewer/appraisal", _("点评"), "search"),
        Tab("reviewer/figures", _("统计"), "chart"),
    ),
)
