"""The pages of the area ``pharmacy``: the counter first, then what lies behind it."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab

AREA = Area(
    name="pharmacy",
    title=_("药房工作台"),
    roles=("pharmacist",),
    pages=(
        Page("pharmacy/", "pharmacy/home.js", _("扫码发药"), scans=True),
        Page("pharmacy/labels", "pharmacy/labels.js", _("用药标签")),
        Page("pharmacy/second", "pharmacy/second.js", _("双人复核")),
        Page("pharmacy/waiting", "pharmacy/waiting.js", _("待办")),
        Page("pharmacy/owed", "pharmacy/owed.js", _("欠药")),
        Page("pharmacy/return", "pharmacy/return.js", _("退药")),
        Page("pharmacy/stock", "pharmacy/stock.js", _("库存"), scans=True),
        Page("pharmacy/lot", "pharmacy/lot.js", _("批次"), scans=True),
        Page("pharmacy/receive", "pharmacy/receive.js", _("入库"), scans=True),
        Page("pharmacy/transfers", "pharmacy/transfers.js", _("药房间调拨")),
        Page("pharmacy/recalls", "pharmacy/recalls.js", _("召回")),
        Page("pharmacy/offline", "pharmacy/offline.js", _("离线发药"), scans=True),
    ),
    tabs=(
        Tab("pharmacy/", _("发药"), "scan"),
        Tab("pharmacy/waiting", _("待办"), "list"),
        Tab("pharmacy/owed", _("欠药"), "clock"),
        Tab("pharmacy/stock", _("库存"), "box"),
        Tab("pharmacy/recalls", _("召回"), "bell"),
        Tab("pharmacy/offline", _("离线"), "unplugged"),
    ),
)
