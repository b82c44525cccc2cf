"""The texts that may be sent: versioned data, checked variables, counted segments (domain 9.1, 9.3)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources

from chassis.decider import Rejected

SIGNATURE = "【甘肃互助保障】"
"""Added by the gateway, never part of a template; its brackets are counted too (domain 9.1)."""
SINGLE_CHARS_MAX = 70
PART_CHARS = 67
TEMPLATE_CHARS_MAX = 500
ANONYMOUS_NAME = "会员"
"""The greeting when a name could not stand in a text."""
NOTICE, CODE, PROMOTION = "notice", "code", "promotion"
OPT_OUT = "拒收请回复R"
"""What a promotion has to end with (domain 9.1)."""
LANES = frozenset({"urgent", "paper", "ordinary", "bulk"})
CHANNELS = frozenset({"SMS", "WECHAT"})
PLACE_WITHHELD = "见公众号"
"""Stands where a place would say something about a person's health."""

VARIABLE_KINDS: dict[str, re.Pattern[str]] = {
    "claim_no": re.compile(r"[A-Z0-9-]{1,20}"),
    "amount": re.compile(r"\d{1,3}(,\d{3}){0,4}\.\d{2}"),
    "tail": re.compile(r"\d{4}"),
    "count": re.compile(r"\d{1,3}"),
    "code": re.compile(r"\d{6}"),
    "clock": re.compile(r"\d{1,2}:\d{2}"),
    "moment": re.compile(r"(\d{4}年)?\d{1,2}月\d{1,2}日(\d{2}:\d{2})?起?"),
    "place": re.compile(r"[\u4e00-\u9fffA-Za-z0-9()()·-]{1,30}"),
}
_NAME = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf·A-Za-z ]{1,30}")
_FORBIDDEN_WORDS = re.compile(
    r"医院|卫生院|卫生服务|诊所|疾控|病|癌|瘤|梗死|猝死|死亡|身故|残|手术|化疗|透析|移植|感染|炎|中风|肝|肾|肺|妇幼",
)
_FORBIDDEN_NUMBERS = re.compile(r"\d{13,}|\d{12,}[Xx]|(?<!\d)1[3-9]\d{9}(?!\d)")
"""Thirteen digits and more are a card or an ID number, eleven from 13 on a mobile."""
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Template:
    """One text; `variables` maps each placeholder but the name to its kind.

    `kind` is the provider's: notice, code or promotion. `lane` says whom it goes before, `channel` what is tried first.
    """

    code: str
    version: int
    kind: str
    lane: str
    channel: str
    text: str
    variables: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Of the text as it is approved."""
        return _digest(self.text)

    @property
    def is_code(self) -> bool:
        """Whether it carries a verification code, which waits for nothing and is shown nowhere else."""
        return self.kind == CODE


def speaks_of_health(text: str) -> bool:
    """Whether a text names an illness, a treatment or a hospital (domain 9.1)."""
    return _FORBIDDEN_WORDS.search(text) is not None


def is_sendable(text: str) -> bool:
    """The content rule of domain 9.1: no illness, no hospital, no full card, ID or mobile number."""
    return not speaks_of_health(text) and _FORBIDDEN_NUMBERS.search(text) is None


def segments(text: str) -> int:
    """How many messages are billed: 70 characters in one, else 67 each, the signature included (domain 9.1)."""
    length = len(SIGNATURE) + len(text)
    return 1 if length <= SINGLE_CHARS_MAX else -(-length // PART_CHARS)


def check_variables(template: Template, variables: Mapping[str, str]) -> None:
    """Exactly the template's variables, each of its kind. Raises Rejected `variable-invalid` with the field."""
    if set(variables) != set(template.variables):
        raise Rejected("variable-invalid", f"{template.code} takes {sorted(template.variables)}.", "variables")
    for name, kind in template.variables.items():
        if not VARIABLE_KINDS[kind].fullmatch(variables[name]) or not is_sendable(variables[name]):
            raise Rejected("variable-invalid", f"{name} is not a {kind} that may stand in a message.", name)


def render(template: Template, name: str, variables: Mapping[str, str]) -> str:
    """The text without signature. Raises Rejected `variable-invalid` or `content-forbidden`."""
    check_variables(template, variables)
    greeted = greeting(name)
    text = _SLOT.sub(lambda slot: greeted if slot[1] == "name" else variables[slot[1]], template.text)
    if not is_sendable(text):
        raise Rejected("content-forbidden", f"{template.code} would say what a message must not say.")
    return text


def greeting(name: str) -> str:
    """The name as it may stand in a text."""
    return name if _NAME.fullmatch(name) and is_sendable(name) else ANONYMOUS_NAME


def digest_unnamed(template: Template, variables: Mapping[str, str]) -> str:
    """The proof of what was said, without whom it was said to: of the text with `{name}` left as it is.

    A code leaves its place, too: six digits are found by trying.
    """
    kept = {} if template.is_code else variables
    return _digest(_SLOT.sub(lambda slot: kept.get(slot[1], slot[0]), template.text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def place_or_withheld(place: str) -> str:
    """The place as it may stand in a message: a hospital's name is withheld (domain 9.1)."""
    return place if VARIABLE_KINDS["place"].fullmatch(place) and is_sendable(place) else PLACE_WITHHELD


def day_text(day: str) -> str:
    """An ISO date as it stands in a message: 2022-07-03 -> `7月3日`."""
    when = date.fromisoformat(day)
    return f"{when.month}月{when.day}日"


def full_day_text(when: date) -> str:
    """A date with its year, where the year is not this one for sure."""
    return f"{when.year}年{when.month}月{when.day}日"


def yuan(amount_fen: int) -> str:
    """Fen as yuan with thousands: 15000000 -> `150,000.00`."""
    return f"{amount_fen // 100:,}.{amount_fen % 100:02d}"


def parse(document: str) -> Template:
    """One template file. Raises ValueError for a text that breaks a rule of domain 9.1."""
    fields = json.loads(document)
    template = Template(**fields)
    placeholders = _SLOT.findall(template.text)
    if len(template.text) > TEMPLATE_CHARS_MAX or len(placeholders) != len(set(placeholders)):
        raise ValueError(f"{template.code} is too long or repeats a variable.")
    named = set() if template.kind == CODE else {"name"}
    if set(placeholders) != {*named, *template.variables} or not set(template.variables.values()) <= set(
        VARIABLE_KINDS
    ):
        raise ValueError(f"{template.code} declares other variables than it uses.")
    if template.lane not in LANES or template.channel not in CHANNELS:
        raise ValueError(f"{template.code} goes no known way.")
    if (template.kind == PROMOTION) != template.text.endswith(OPT_OUT):
        raise ValueError(f"{template.code}: a promotion, and nothing else, ends with {OPT_OUT}.")
    if not is_sendable(_SLOT.sub("", template.text)):
        raise ValueError(f"{template.code} says what a message must not say.")
    return template


def _load() -> dict[tuple[str, int], Template]:
    files = (file for file in resources.files("notify").joinpath("templates").iterdir() if file.name.endswith(".json"))
    parsed = [parse(file.read_text(encoding="utf-8")) for file in files]
    return {(template.code, template.version): template for template in parsed}


TEMPLATES = _load()
"""Every version ever sent, by code and version: a queued message keeps the text it was queued with."""


def latest(code: str) -> Template:
    """The newest version of a text. Raises KeyError for a code without one."""
    return TEMPLATES[code, max(version for known, version in TEMPLATES if known == code)]
