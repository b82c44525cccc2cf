"""Why a bank sends money back and what a card check says: codes, and what happens next (domain 7.1), as data."""

from __future__ import annotations

from dataclasses import dataclass

OTHER_CARD = "other-card"
CORRECT_BANK = "correct-bank"
OFFICE = "office"
RETRY_NEXT_DAY = "retry-next-day"
CORRECT_ENTRY = "correct-entry"
CHECK_IDENTITY = "check-identity"
TRY_LATER = "try-later"
NOTHING = "nothing"


@dataclass(frozen=True)
class ReturnReason:
    """A reason of domain 7.1: the words of Chinese banks, ISO's external reason codes, what comes next.

    `same_account`: the same account may be tried again, on a later day and after the bank was asked.
    """

    code: str
    words: str
    iso: tuple[str, ...]
    next_step: str
    same_account: bool = False


RETURN_REASONS = {
    reason.code: reason
    for reason in (
        ReturnReason("NAME_MISMATCH", "户名不符", ("BE01", "BE22"), CHECK_IDENTITY),
        ReturnReason("ACCOUNT_NOT_FOUND", "账号不存在", ("AC01", "AC03"), OTHER_CARD),
        ReturnReason("ACCOUNT_CLOSED", "已销户", ("AC04", "AC07"), OTHER_CARD),
        ReturnReason("ACCOUNT_FROZEN", "账户冻结或挂失", ("AC06",), OFFICE),
        ReturnReason("ACCOUNT_DORMANT", "睡眠账户", (), OTHER_CARD),
        ReturnReason("LIMIT", "超过收款限额", ("AM02", "AM14", "AM21"), OTHER_CARD),
        ReturnReason("BANK_INFO", "开户行信息错误", ("RC01", "RC04", "AGNT"), CORRECT_BANK),
        ReturnReason(
            "BANK_SYSTEM", "银行系统或网络", ("ED05", "AB05", "AB06", "AB08"), RETRY_NEXT_DAY, same_account=True
        ),
        ReturnReason("REVERSED_BY_BANK", "银行冲账", (), RETRY_NEXT_DAY, same_account=True),
        ReturnReason("FILE_NOT_TAKEN", "整批文件未被银行受理", (), RETRY_NEXT_DAY, same_account=True),
        ReturnReason("OTHER", "其他", ("NARR", "MS02", "MS03"), OFFICE),
    )
}
"""What a bank may say; what it says in no word of these is OTHER, for the office."""
FILE_NOT_TAKEN = "FILE_NOT_TAKEN"
"""No word of a bank about one payment: the whole file was refused, or was held back after it had been signed."""
SAME_ACCOUNT_REASONS = frozenset(code for code, reason in RETURN_REASONS.items() if reason.same_account)
_BY_ISO = {iso: reason.code for reason in RETURN_REASONS.values() for iso in reason.iso}


def reason_of(told: str) -> str:
    """The reason of 7.1 behind a bank's word: our own code, or one of ISO 20022; OTHER where it is neither."""
    return told if told in RETURN_REASONS else _BY_ISO.get(told, "OTHER")


@dataclass(frozen=True)
class CheckResult:
    """An answer of the four-element check (name, ID, card, mobile): whether the card may be paid to, and what next."""

    code: str
    meaning: str
    next_step: str
    passes: bool = False


CHECK_RESULTS = {
    result.code: result
    for result in (
        CheckResult("0", "一致", NOTHING, passes=True),
        CheckResult("-1", "不一致", CHECK_IDENTITY),
        CheckResult("-2", "姓名格式错误", CORRECT_ENTRY),
        CheckResult("-3", "证件号码格式错误", CORRECT_ENTRY),
        CheckResult("-4", "卡号格式错误", CORRECT_ENTRY),
        CheckResult("-5", "手机号格式错误", CORRECT_ENTRY),
        CheckResult("-6", "持卡人信息有误", CHECK_IDENTITY),
        CheckResult("-7", "未开通无卡支付", OTHER_CARD),
        CheckResult("-8", "此卡被没收", OFFICE),
        CheckResult("-9", "无效卡号", OTHER_CARD),
        CheckResult("-10", "无对应发卡行", OTHER_CARD),
        CheckResult("-11", "睡眠卡", OTHER_CARD),
        CheckResult("-13", "挂失卡", OTHER_CARD),
        CheckResult("-14", "过期卡", OTHER_CARD),
        CheckResult("-15", "受限制的卡", OFFICE),
        CheckResult("-17", "发卡行不支持", TRY_LATER),
        CheckResult("-18", "系统繁忙", TRY_LATER),
        CheckResult("-19", "验证次数超限", RETRY_NEXT_DAY),
        CheckResult("-20", "证件类型不支持", OFFICE),
        CheckResult("-21", "卡状态异常或卡号错误", OTHER_CARD),
    )
}
"""Every code of domain 7.1. -17 says that the issuer cannot check the card, not that the card is wrong."""
