"""The organisation tree as its codes spell it: province, prefecture, county, union (domain 5.6)."""

from __future__ import annotations

PROVINCE_CODE = "620000"
UNION_CODE_LENGTH = 13
"""`union_code` = division (6) + level (1) + serial (6)."""

NEW_AREAS = frozenset({"620171"})
"""兰州新区 is a unit of its own beside the prefectures, whatever its code says."""


class UnknownOrganization(ValueError):
    """A code that is neither a division nor a union of one."""

    def __init__(self, code: str) -> None:
        """Keep the code; the text is a sentence about it."""
        super().__init__(f"{code} is no organisation: give 620000, a prefecture, a county or a union of the province.")
        self.code = code


def path_of(code: str) -> str:
    """The path from the province down, dot-separated: `620000.620700.620725.6207251000001`.

    Raises UnknownOrganization for a code of another form or another province.
    """
    if not code.isascii() or not code.isdigit() or not code.startswith("62"):
        raise UnknownOrganization(code)
    if len(code) == UNION_CODE_LENGTH:
        return f"{path_of(code[:6])}.{code}"
    if len(code) != len(PROVINCE_CODE):
        raise UnknownOrganization(code)
    if code == PROVINCE_CODE:
        return PROVINCE_CODE
    prefecture = code[:4] + "00"
    if code == prefecture or code in NEW_AREAS:
        return f"{PROVINCE_CODE}.{code}"
    return f"{PROVINCE_CODE}.{prefecture}.{code}"


def within(path: str, subtree: str) -> bool:
    """Whether the organisation at `path` lies in the subtree rooted at `subtree`."""
    return path == subtree or path.startswith(subtree + ".")
