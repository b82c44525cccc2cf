"""What members read about where their case stands: plain sentences, without a word of illness."""

from __future__ import annotations

HOTLINE = "12351"

CLAIM_KINDS = {
    "INPATIENT": "住院医疗互助金",
    "ACCIDENT": "意外伤害互助金",
    "ILLNESS": "重大疾病互助金",
    "SUDDEN_ILLNESS": "重大疾病互助金",
}
STEPS = {
    "UNIT_REVIEW": "单位工会正在核对。",
    "COUNTY_REVIEW": "县区总工会正在核实。",
    "CITY_REVIEW": "市州总工会正在复核。",
    "OFFICE_REVIEW": "办事处正在初审。",
    "OFFICE_RECHECK": "办事处正在复核。",
    "HEAD_APPROVAL": "等待办事处负责人审批。",
    "AWAITING_CARD": "请确认本人银行卡。",
}
CLAIM_STATES = {
    "IN_REVIEW": "正在审核。",
    "SUPPLEMENT_REQUIRED": "请补充材料。",
    "RETURNED": "已退回上一级核对。",
    "CLOSED_INCOMPLETE": "因材料未补齐已结案,补齐后可重新办理。",
    "WITHDRAWN": "已撤回。",
    "APPEAL_REVIEW": "异议正在复核。",
    "RECOVERY": "正在办理退款。",
    "RECOVERED": "已退回。",
    "WRITTEN_OFF": "已办结,无需再退。",
    "APPROVED": "已审核通过,正在打款。",
    "PAID": "已到账。",
    "PAYMENT_FAILED": "打款未成功,请核对本人银行卡。",
    "REJECTED": "未通过审核,可在规定期限内提出异议,或拨打12351。",
}
RELIEF_STATES = {
    "AT_COUNTY": "县区总工会将入户或电话核实。",
    "PAPERS_ASKED": "请补充材料。",
    "CLOSED_INCOMPLETE": "因材料未补齐已结案,补齐后可重新办理。",
    "ON_NOTICE": "已核实,正在公示。",
    "AT_CITY": "市州总工会正在审核。",
    "AT_OFFICE": "等待办事处周例会研究。",
    "GRANTED": "已研究通过,正在打款。",
    "PAYMENT_FAILED": "打款未成功,请核对本人银行卡。",
    "PAID": "已到账。",
    "RECOVERY": "正在办理退款。",
    "RECOVERED": "已退回。",
    "WRITTEN_OFF": "已办结,无需再退。",
    "REFUSED": "未获通过,如有疑问请拨打12351。",
    "WITHDRAWN": "已撤回。",
}
IDENTITY_HELD = "会员身份待核实:同一证件号码登记了不同姓名,县区核对身份证之前不能审批。"
"""A finding, for the office."""
MATCH_DISPUTED = "会员表示该住院记录不是本人的,经办人核实之前不能审批。"
"""A finding, for the office."""
UNDER_WAY = "正在办理。"
NEEDS = {
    "NEED_APPLICATION": "请提交申请书。",
    "NEED_ID_CLEAR": "请提交清晰的身份证照片。",
    "NEED_ID_BACK": "请提交身份证国徽面照片。",
    "NEED_BANK_CARD": "请提交本人银行卡。",
    "NEED_SETTLEMENT": "请提交医保结算单。",
    "NEED_DISCHARGE": "请提交出院记录。",
    "NEED_PATHOLOGY": "请提交病理报告。",
    "NEED_DIAGNOSIS": "请提交诊断证明。",
    "NEED_STAMP": "请在材料上加盖医院印章。",
    "NEED_ACCIDENT_PROOF": "请提交事故证明。",
    "NEED_TRAFFIC_DOC": "请提交事故认定书、驾驶证和行驶证。",
    "NEED_WORK_PROOF": "请提交工作期间的证明。",
    "NEED_DISABILITY_CERT": "请提交伤残证明。",
    "NEED_DEATH_CERT": "请提交死亡证明。",
    "NEED_HUKOU_CANCEL": "请提交户口注销证明。",
    "NEED_CLAIMANT_ID": "请提交申领人身份证。",
    "NEED_KINSHIP": "请提交亲属关系证明。",
    "NEED_HEIR_LIST": "请提交全部第一顺序继承人名单。",
    "NEED_HEIR_AGREEMENT": "请提交继承人书面协议或放弃声明。",
    "NEED_GUARDIAN_PROOF": "请提交监护关系证明。",
    "NEED_NOTARIAL_DEED": "请提交公证书。",
    "NEED_HARDSHIP_PROOF": "请提交困难证明。",
    "NEED_EVENT_PROOF": "请提交事由证明。",
    "NEED_ADMISSION_LETTER": "请提交录取通知书。",
    "NEED_PHONE_CHECK": "请保持电话畅通,工作人员将与您联系。",
}
RELATIONS = {
    "SPOUSE": "配偶",
    "CHILD": "子女",
    "PARENT": "父母",
    "SIBLING": "兄弟姐妹",
    "GRANDPARENT": "祖父母",
    "OTHER": "亲属",
}


def objection(days: int) -> str:
    """How a refusal is objected to (domain 4.7, 4.8)."""
    return f"如有异议,可在收到通知后 {days} 日内提出,或拨打 {HOTLINE}。"


def claim_sentence(state: str, step: str) -> str:
    """Where a claim stands, for its member."""
    return STEPS.get(step) or CLAIM_STATES.get(state, UNDER_WAY)


def relief_sentence(state: str) -> str:
    """Where a relief case stands, for its member."""
    return RELIEF_STATES.get(state, UNDER_WAY)


def asked(needs: list[str]) -> list[str]:
    """What is asked of the member, as sentences; a code without one is shown as it is."""
    return [NEEDS.get(need, need) for need in needs]


def acts(relation: str) -> str:
    """Who acts for the member."""
    return f"由您的{RELATIONS.get(relation, RELATIONS['OTHER'])}代为申领。"
