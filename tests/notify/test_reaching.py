"""Specifications of how people are reached: approvals, codes, bindings, mobiles in doubt, notices to officers."""

from __future__ import annotations

import pytest

from chassis.testing import Spec
from contracts.envelope import Sealed
from contracts.notify.reaching import (
    CodeIssued,
    CodeMissed,
    CodeUsed,
    MobileCleared,
    MobileDoubted,
    MobileFailed,
    NoticePosted,
    TemplateApproved,
    TemplateRefused,
    TemplateReopened,
    TemplateSubmitted,
    WechatBound,
    WechatUnbound,
)
from notify.domain.approval import APPROVAL, RecordApproval, RecordRefusal, ReopenTemplate, SubmitTemplate
from notify.domain.binding import BINDING, BindWechat, UnbindWechat
from notify.domain.code import CODE, IssueCode, UseCode, digits
from notify.domain.mobile import MOBILE, ClearMobile, CountFailure
from notify.domain.notice import NOTICE, PostNotice

approval, code, binding, mobile, notice = Spec(APPROVAL), Spec(CODE), Spec(BINDING), Spec(MOBILE), Spec(NOTICE)

SUBMIT = SubmitTemplate("benefit-paid", 1, "d1", "aliyun", "SMS_1", "system")
SUBMITTED = TemplateSubmitted(
    template_code="benefit-paid", version=1, text_digest="d1", provider="aliyun", provider_code="SMS_1", by="system"
)
APPROVED = TemplateApproved(template_code="benefit-paid", version=1, provider_code="SMS_1", approved_by="aliyun")
REFUSED = TemplateRefused(template_code="benefit-paid", version=1, reason="r")


def test_a_text_is_submitted_once() -> None:
    approval.when(SUBMIT).then(SUBMITTED)
    approval.given(SUBMITTED).when(SUBMIT).then_nothing()
    approval.given(SUBMITTED, APPROVED).when(SUBMIT).then_nothing()


def test_another_text_under_a_submitted_version_is_refused() -> None:
    other = SubmitTemplate("benefit-paid", 1, "d2", "aliyun", "SMS_2", "system")
    approval.given(SUBMITTED, APPROVED).when(other).then_rejected("template-differs")


def test_another_provider_is_asked_anew_and_a_refused_text_may_be_given_in_again() -> None:
    elsewhere = SubmitTemplate("benefit-paid", 1, "d1", "plain", "x", "system")
    given = TemplateSubmitted(
        template_code="benefit-paid", version=1, text_digest="d1", provider="plain", provider_code="x", by="system"
    )
    approval.given(SUBMITTED, APPROVED).when(elsewhere).then(given)
    approval.given(SUBMITTED, REFUSED).when(SUBMIT).then(SUBMITTED)


def test_an_approval_names_who_approved_and_is_recorded_once() -> None:
    command = RecordApproval("benefit-paid", 1, "aliyun")
    approval.given(SUBMITTED).when(command).then(APPROVED)
    approval.given(SUBMITTED, APPROVED).when(command).then_nothing()
    approval.when(command).then_rejected("template-not-submitted")


def test_a_refusal_is_recorded_once() -> None:
    command = RecordRefusal("benefit-paid", 1, "r")
    approval.given(SUBMITTED).when(command).then(REFUSED)
    approval.given(SUBMITTED, REFUSED).when(command).then_nothing()
    approval.when(command).then_rejected("template-not-submitted")


def test_a_refused_text_is_given_in_again_when_somebody_says_why() -> None:
    command = ReopenTemplate("benefit-paid", 1, "补充了资质证明", "head-1")
    reopened = TemplateReopened(template_code="benefit-paid", version=1, reason="补充了资质证明", by="head-1")
    approval.given(SUBMITTED, REFUSED).when(command).then(reopened)
    approval.given(SUBMITTED, REFUSED, reopened).when(command).then_nothing()
    approval.given(SUBMITTED, REFUSED, reopened).when(SUBMIT).then(SUBMITTED)


@pytest.mark.parametrize("history", [[], [SUBMITTED], [SUBMITTED, APPROVED]], ids=["drafted", "in review", "approved"])
def test_a_text_that_nobody_refused_is_not_given_in_again(history: list[object]) -> None:
    command = ReopenTemplate("benefit-paid", 1, "r", "head-1")
    approval.given(*history).when(command).then_rejected("template-not-refused")


ISSUE = IssueCode("c1", "p1", "wechat-binding", "2022-03-01T02:05:00.000000Z")
ISSUED = CodeIssued(code_id="c1", person_id="p1", purpose="wechat-binding", expires_at="2022-03-01T02:05:00.000000Z")
IN_TIME = "2022-03-01T02:04:59.000000Z"


def use(*, right: bool = True, now: str = IN_TIME, person_id: str = "p1", purpose: str = "wechat-binding") -> UseCode:
    return UseCode("c1", person_id, purpose, right, now, 2)


def test_a_code_is_issued_once() -> None:
    code.when(ISSUE).then(ISSUED)
    code.given(ISSUED).when(ISSUE).then_nothing()


def test_the_right_code_serves_once() -> None:
    used = CodeUsed(code_id="c1")
    code.given(ISSUED).when(use()).then(used)
    code.given(ISSUED, used).when(use()).then_rejected("code-used")


def test_wrong_codes_are_counted_and_then_not_listened_to() -> None:
    first, second = CodeMissed(code_id="c1", misses=1), CodeMissed(code_id="c1", misses=2)
    code.given(ISSUED).when(use(right=False)).then(first)
    code.given(ISSUED, first).when(use(right=False)).then(second)
    code.given(ISSUED, first, second).when(use()).then_rejected("code-locked")


def test_a_code_is_valid_for_its_minutes_person_and_purpose() -> None:
    code.given(ISSUED).when(use(now="2022-03-01T02:05:00.000000Z")).then_rejected("code-expired")
    code.given(ISSUED).when(use(person_id="p2")).then_rejected("code-unknown")
    code.given(ISSUED).when(use(purpose="payment")).then_rejected("code-unknown")
    code.when(use()).then_rejected("code-unknown")


def test_a_code_has_six_digits() -> None:
    assert digits(bytes(32)) == "000000"
    assert digits(b"\xff" * 32) == str(2**64 - 1)[-6:]


OPENID = Sealed(suite="A256GCM", s="p1", k="contact", v=1, e="d", c="AAAA")
BIND = BindWechat("p1", OPENID, "c1")
BOUND = WechatBound(person_id="p1", openid=OPENID, code_id="c1")


def test_a_person_is_bound_by_a_code_once() -> None:
    binding.when(BIND).then(BOUND)
    binding.given(BOUND).when(BIND).then_nothing()
    other = BindWechat("p1", OPENID, "c2")
    binding.given(BOUND).when(other).then(WechatBound(person_id="p1", openid=OPENID, code_id="c2"))


def test_a_binding_ends_once() -> None:
    unbound = WechatUnbound(person_id="p1", reason="asked")
    binding.given(BOUND).when(UnbindWechat("p1", "asked")).then(unbound)
    binding.given(BOUND, unbound).when(UnbindWechat("p1", "asked")).then_nothing()
    binding.when(UnbindWechat("p1", "asked")).then_nothing()


def failed(number: int) -> MobileFailed:
    return MobileFailed(person_id="p1", message_id=f"m{number}", failures=number)


DOUBTED = MobileDoubted(person_id="p1", failures=2)


def test_two_failures_in_a_row_put_a_mobile_in_doubt() -> None:
    mobile.when(CountFailure("p1", "m1", 2)).then(failed(1))
    mobile.given(failed(1)).when(CountFailure("p1", "m2", 2)).then(failed(2), DOUBTED)
    mobile.given(failed(1), failed(2), DOUBTED).when(CountFailure("p1", "m3", 2)).then(failed(3))


def test_a_message_fails_once() -> None:
    mobile.given(failed(1)).when(CountFailure("p1", "m1", 2)).then_nothing()


def test_what_arrives_or_changes_clears_a_mobile_that_had_failed() -> None:
    cleared = MobileCleared(person_id="p1", reason="changed")
    mobile.given(failed(1), failed(2), DOUBTED).when(ClearMobile("p1", "changed")).then(cleared)
    mobile.given(failed(1), failed(2), DOUBTED, cleared).when(ClearMobile("p1", "changed")).then_nothing()
    mobile.given(failed(1), cleared).when(CountFailure("p1", "m2", 2)).then(
        MobileFailed(person_id="p1", message_id="m2", failures=1)
    )


POST = PostNotice("n1", "pool-alert", ("finance",), "620000", (("used_percent", "90"),), "2022-03-01")
POSTED = NoticePosted(
    notice_id="n1",
    kind="pool-alert",
    roles=("finance",),
    org_path="620000",
    facts={"used_percent": "90"},
    posted_on="2022-03-01",
)


def test_a_cause_is_told_to_officers_once() -> None:
    notice.when(POST).then(POSTED)
    notice.given(POSTED).when(POST).then_nothing()


def test_something_else_under_the_same_cause_is_refused() -> None:
    other = PostNotice("n1", "task-digest", ("finance",), "620000", (), "2022-03-01")
    notice.given(POSTED).when(other).then_rejected("notice-differs")
