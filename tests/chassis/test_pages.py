"""Lines of Chinese: nothing is lost, no line begins with a closing mark, no number is broken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.pages import letters, wrapped


@pytest.fixture(scope="module")
def face() -> Iterator[str]:
    with letters("甲乙、。()0123456789,.") as name:
        yield name


@given(st.lists(st.sampled_from(["甲", "乙", "、", "。", "120,000.00甲", "(", ")"]), max_size=40))
def test_lines_keep_every_letter_begin_with_no_closing_mark_and_break_no_number(face: str, words: list[str]) -> None:
    assert face
    parts = wrapped("".join(words), 10.0, 60.0)
    assert "".join(parts) == "".join(words)
    assert not any(part[:1] in {"、", "。", ")"} for part in parts[1:])
    assert sum(part.count("120,000.00") for part in parts) == words.count("120,000.00甲")
