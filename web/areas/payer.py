"""The pages of the area ``payer``: officers of insurers and of the social fund."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="payer",
    title=_("医保与保险工作台"),
    roles=("officer",),
    pages=(
        Page("payer/", "payer/home.js", _("待审理赔")),
        Page("payer/claim", "payer/claim.js", _("理赔审核")),
        Page("payer/statement", "payer/statement.js", _("理赔清单")),
        Page("payer/settlements", "payer/settlements.js", _("结算")),
        Page("payer/differences", "payer/differences.js", _("对账差异")),
        Page("payer/policies", "payer/policies.js", _("保单")),
    ),
    tabs=(
        Tab("payer/", _("理赔"), "list"),
        Tab("payer/statement", _("清单"), "chart"),
        Tab("payer/settlements", _("结算"), "coins"),
        Tab("payer/differences", _("差异"), "search"),
        Tab("payer/policies", _("保单"), "person"),
    ),
)
