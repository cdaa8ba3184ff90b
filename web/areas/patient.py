"""The patient's pages: a prescription's way, the consultation, who looked, and what is mine."""

from django.utils.translation import gettext_noop as _

from web.pages import Area, Page, Tab


def _page(name: str, title: str, *, scans: bool = False) -> Page:
    return Page(f"patient/{name}", f"patient/{name or 'home'}.js", title, scans=scans)


AREA = Area(
    name="patient",
    title=_("患者"),
    roles=("patient",),
    pages=(
        _page("", _("我的处方")),
        _page("identify", _("实名认证")),
        _page("prescription", _("处方详情")),
        _page("choose", _("选择药房")),
        _page("pay", _("支付自付部分")),
        _page("code", _("取药码")),
        _page("bill", _("费用明细")),
        _page("consult", _("问诊")),
        _page("consultation", _("问诊详情")),
        _page("looks", _("谁看过我的数据")),
        _page("me", _("我的")),
        _page("grants", _("我的授权")),
        _page("devices", _("我的设备")),
        _page("adding", _("添加手机"), scans=True),
        _page("guardians", _("监护与代办")),
        _page("offers", _("数据共享邀请")),
        _page("export", _("导出我的数据")),
        _page("erase", _("删除我的数据")),
        _page("corrections", _("更正记录")),
        _page("receipts", _("我的凭证")),
        _page("receipt", _("凭证")),
    ),
    tabs=(
        Tab("patient/", _("处方"), "list"),
        Tab("patient/consult", _("问诊"), "chat"),
        Tab("patient/looks", _("谁看过"), "eye"),
        Tab("patient/me", _("我的"), "person"),
    ),
)
