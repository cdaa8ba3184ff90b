"""What each step of a reckoning says to who reads the bill."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "own_payment": "先由个人按比例自付",
    "excluded": "药品属于除外责任",
    "not_listed": "药品不在保障目录内",
    "class_not_covered": "该医保类别不予报销",
    "waiting": "保单仍在等待期内",
    "diagnosis": "属于既往症或除外疾病",
    "item_ceiling": "超出单项限额",
    "deductible": "计入起付线",
    "co_payment": "按共付比例由个人承担",
    "bill_ceiling": "超出单次限额",
    "day_ceiling": "超出当日限额",
    "year_ceiling": "超出年度限额",
    "family_ceiling": "超出家庭年度限额",
    "as_before": "退药或部分发药后不高于原先金额",
}
"""Rule → words. ``tests/insurance/test_reckon.py`` sees that none is missing."""
