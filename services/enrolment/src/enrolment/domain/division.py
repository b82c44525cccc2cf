"""The divisions of Gansu: 14 prefectures and their 86 counties (domain 5.6)."""

from __future__ import annotations

_TABLE = """
620100 兰州市 城关620102 七里河620103 西固620104 安宁620105 红古620111 永登620121 皋兰620122 榆中620123
620200 嘉峪关市
620300 金昌市 金川620302 永昌620321
620400 白银市 白银620402 平川620403 靖远620421 会宁620422 景泰620423
620500 天水市 秦州620502 麦积620503 清水620521 秦安620522 甘谷620523 武山620524 张家川620525
620600 武威市 凉州620602 民勤620621 古浪620622 天祝620623
620700 张掖市 甘州620702 肃南620721 民乐620722 临泽620723 高台620724 山丹620725
620800 平凉市 崆峒620802 泾川620821 灵台620822 崇信620823 庄浪620825 静宁620826 华亭620881
620900 酒泉市 肃州620902 金塔620921 瓜州620922 肃北620923 阿克塞620924 玉门620981 敦煌620982
621000 庆阳市 西峰621002 庆城621021 环县621022 华池621023 合水621024 正宁621025 宁县621026 镇原621027
621100 定西市 安定621102 通渭621121 陇西621122 渭源621123 临洮621124 漳县621125 岷县621126
621200 陇南市 武都621202 成县621221 文县621222 宕昌621223 康县621224 西和621225 礼县621226 徽县621227 两当621228
622900 临夏回族自治州 临夏市622901 临夏县622921 康乐622922 永靖622923 广河622924 和政622925 东乡622926 积石山622927
623000 甘南藏族自治州 合作623001 临潭623021 卓尼623022 舟曲623023 迭部623024 玛曲623025 碌曲623026 夏河623027
"""

PREFECTURES: dict[str, str] = {}
"""Code to name."""
COUNTIES: dict[str, str] = {}
"""Code to name."""

for _line in _TABLE.split("\n")[1:-1]:
    _code, _name, *_counties = _line.split()
    PREFECTURES[_code] = _name
    COUNTIES.update((county[-6:], county[:-6]) for county in _counties)

PROVINCE = {"620000": "甘肃省"}
NEW_AREA = {"620171": "兰州新区"}
"""A unit of its own beside the prefectures, and nobody's workplace: its code is a statistical one."""
DIVISIONS = {**PROVINCE, **PREFECTURES, **NEW_AREA, **COUNTIES}
"""Every division that can be an organisation."""

WORKPLACES = frozenset(COUNTIES) | frozenset(
    code for code in PREFECTURES if not any(county.startswith(code[:4]) for county in COUNTIES)
)
"""What may stand in 工作所在县区代码: a county, or a prefecture that has none (嘉峪关)."""


def organization_name(code: str) -> str:
    """What an organisation is called: its division's federation; a union is told by its code beside that."""
    division = code[:6]
    name = DIVISIONS.get(division, "")
    if division in COUNTIES:
        name = PREFECTURES[division[:4] + "00"] + name
    federation = f"{name}总工会"
    return federation if code == division else f"{federation}所属工会{code}"
