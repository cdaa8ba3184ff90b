"""An explanation of benefits adds up to the fen, whatever was approved. No database."""

from hypothesis import given
from hypothesis import strategies as st

from insurance.explained import Decided, Line, lines

LINES = [
    Line("2", 3, 2_000, 400, {"fund": (1_400, "70%"), "insurer": (200, "50%")}),
    Line("1", 1, 1_000, 300, {"fund": (700, "70%")}),
]


@given(approved=st.integers(0, 2_100), waits=st.booleans())
def test_what_was_approved_goes_to_the_lines_in_their_order(approved, waits):
    """C3"""
    told = lines(LINES, [Decided("fund", "医保", approved, "part", "above_ceiling", waits)])
    assert [one["line"] for one in told] == ["1", "2"]
    first, second = (one["payers"][0] for one in told)
    assert first["approved_fen"] == min(approved, 700)
    assert first["approved_fen"] + second["approved_fen"] == approved
    for one in told:
        assert one["total_fen"] == one["patient_fen"] + sum(p["fen"] for p in one["payers"])
    for share in (first, second):
        parts = ("approved_fen", "refused_fen", "waiting_fen")
        assert share["fen"] == sum(share[name] for name in parts)
        assert share["waiting_fen" if not waits else "refused_fen"] == 0


def test_it_says_why():
    (first, _) = lines(LINES, [Decided("fund", "市医保", 0, "refuse", "quantity_differs")])
    assert first["zh"] == (
        "第1项，1个单位，价格¥10.00；市医保应付¥7.00（70%），"
        "未同意¥7.00：发药数量与处方不符；自付¥3.00。"
    )
