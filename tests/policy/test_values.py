"""What is read of a policy, and what is planned for it, are values: nobody changes them, and they have no other members."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any, get_args

import pytest

from fcsse.planning.changes import GrantAddition, GrantEnding, PolicyChange
from fcsse.policy.document import PolicyDocument, Statement
from fcsse.policy.statement import Access
from fcsse.policy.steps import Step
from fcsse.policy.unique_ids import UniqueId
from tests.policy.documents import ROOT, document

VALUES = (*get_args(Step), Access, GrantAddition, GrantEnding, PolicyChange, PolicyDocument, Statement, UniqueId)


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_cannot_be_changed(kind: Any) -> None:
    value = object.__new__(kind)
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(kind)[0].name, None)
    assert not hasattr(value, "__dict__")


def test_documents_are_equal_by_their_text_and_shown_without_places() -> None:
    one, again = document(ROOT), document(ROOT)

    assert one == again
    assert hash(one) == hash(again)
    assert repr(one) == f"PolicyDocument(text={one.text!r})"
    (statement,) = one.statements
    (moved,) = PolicyDocument.parse("\n" + one.text).statements
    assert statement == moved
    assert "Node" not in repr(statement)
