"""Canonical JSON and digests."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.digest import (
    GENESIS,
    canonical,
    digest_of,
    digest_text,
    link,
    new_salt,
    salted_digest,
    short,
)

LARGEST = 2**53 - 1
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-LARGEST, LARGEST)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(VALUES)
def test_canonical_json_reads_back_as_the_same_value(value: object) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), SCALARS))
def test_the_order_in_which_a_value_was_built_does_not_matter(value: dict[str, Any]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical(turned) == canonical(value)
    assert digest_of(turned) == digest_of(value)


def test_canonical_json_is_that_of_rfc_8785() -> None:
    # Keys in the order of their UTF-16 units, so that 😀 (a surrogate pair) comes before ﬁ; no white space.
    value = {"ﬁ": 1, "😀": 2, "b": [True, None, "\n\u007f"], "a": {"z": "é", "y": -1}}
    assert canonical(value) == '{"a":{"y":-1,"z":"é"},"b":[true,null,"\\n\u007f"],"😀":2,"ﬁ":1}'


@pytest.mark.parametrize("value", [0.0, 1.5, [1.0], {"a": {"b": [0, (1, 2.5)]}}, float("nan")])
def test_a_float_has_no_place_in_a_sealed_record(value: object) -> None:
    with pytest.raises(TypeError, match="float"):
        canonical(value)


def test_a_tuple_is_written_as_a_list() -> None:
    assert canonical((1, ("a",))) == '[1,["a"]]'


def test_digests_are_stable_over_the_years() -> None:
    assert digest_text("") == hashlib.sha256(b"").hexdigest()
    assert digest_of({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()
    assert digest_text("点検") == hashlib.sha256("点検".encode()).hexdigest()


def test_a_link_binds_the_digest_before_the_place_and_the_payload() -> None:
    digest = link(previous=GENESIS, sequence=1, payload="{}")
    changed = {
        link(previous="1" * 64, sequence=1, payload="{}"),
        link(previous=GENESIS, sequence=2, payload="{}"),
        link(previous=GENESIS, sequence=1, payload="{ }"),
    }
    assert len({digest, *changed}) == 4


def test_a_salt_keeps_short_texts_from_being_guessed() -> None:
    first, second = new_salt(), new_salt()
    assert first != second
    assert len(first) == 32
    assert salted_digest("はい", salt=first) != salted_digest("はい", salt=second)
    assert salted_digest("はい", salt=first) == salted_digest("はい", salt=first)


def test_documents_print_the_first_sixteen_digits_in_groups() -> None:
    assert short("0123456789abcdef" + "0" * 48) == "0123 4567 89ab cdef"
