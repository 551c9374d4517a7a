"""Is an XML answer in the form of the service model? Pure.

botocore's parser passes over what does not fit: text where a list is due reads as an empty list, and a flag that is neither
true nor false as false. Then a list would be taken for empty, or its first page for the last. An element that stands twice where
the model has one becomes a list, which nobody reads as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from botocore.model import Shape

FLAG, PARTS, TEXT = "boolean", "parts", "text"


def xml_fault(body: bytes, shape: Shape | None) -> str | None:
    """What is wrong with an XML answer: no XML, an element of another kind than the service model has, or one that stands twice
    where the model has one; None if nothing.

    ``shape``: that of the answer's body, where ``is_xml`` says that it is XML. An empty body counts as an answer without
    members. Unknown elements pass, and so do those whose name stands for several kinds.
    """
    if not body:
        return None
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - expat refuses entities that expand without end; botocore reads it the same way
    except ElementTree.ParseError:
        return "is not XML"
    kinds: dict[str, set[str]] = {}
    if shape is not None:
        _collect(shape, kinds)
    only = {name: next(iter(some)) for name, some in kinds.items() if len(some) == 1}
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        if name in only and not _fits(element, only[name]):
            return f"has {name} in another kind than AWS sends"
    twice = _twice(*_body(root, shape)) if shape is not None else None
    return f"has the element {twice} twice" if twice else None


def _body(root: ElementTree.Element, shape: Any) -> tuple[ElementTree.Element, Any]:
    """The element that holds the members of an answer, and their shape. The wrapper of a result is looked at as a member."""
    wrapper, payload = shape.serialization.get("resultWrapper"), shape.serialization.get("payload")
    if wrapper:
        results = _named(root).get(wrapper, [])
        return (results[0] if len(results) == 1 else root), shape
    return root, shape.members[payload] if payload else shape


def _named(element: ElementTree.Element) -> dict[str, list[ElementTree.Element]]:
    found: dict[str, list[ElementTree.Element]] = {}
    for child in element:
        found.setdefault(child.tag.rpartition("}")[2], []).append(child)
    return found


def _twice(element: ElementTree.Element, shape: Any) -> str | None:
    """The name of the first element that stands several times where the shape has one member; None where there is none."""
    children = _named(element)
    wrapper = shape.serialization.get("resultWrapper")
    if wrapper and len(children.get(wrapper, ())) > 1:
        return str(wrapper)
    for member, of in shape.members.items():
        name = str(of.serialization.get("name", member))
        if of.type_name == "list" and of.serialization.get("flattened"):
            of = of.member
            found = children.get(str(of.serialization.get("name", name)), [])
        elif of.type_name == "map" and of.serialization.get("flattened"):
            continue
        else:
            found = children.get(name, [])
            if len(found) > 1:
                return name
        while of.type_name == "list":
            of, found = of.member, [entry for one in found for entry in one]
        if of.type_name == "structure":
            for one in found:
                twice = _twice(one, of)
                if twice:
                    return twice
    return None


def _fits(element: ElementTree.Element, kind: str) -> bool:
    text = (element.text or "").strip()
    if kind == FLAG:
        return text in ("true", "false")
    return not text if kind == PARTS else len(element) == 0


def _collect(shape: Any, kinds: dict[str, set[str]]) -> None:
    """Notes, for each element's name below a shape, of which kinds it may be."""
    for member, of in shape.members.items():
        name = str(of.serialization.get("name", member))
        if of.type_name == "list" and of.serialization.get("flattened"):
            of = of.member
            name = str(of.serialization.get("name", name))
        while of.type_name == "list":
            kinds.setdefault(name, set()).add(PARTS)
            of = of.member
            name = str(of.serialization.get("name", "member"))
        match of.type_name:
            case "structure":
                known = PARTS in kinds.setdefault(name, set())
                kinds[name].add(PARTS)
                if not known or name == "member":
                    _collect(of, kinds)
            case "map":
                kinds.setdefault(name, set()).add(PARTS)
            case "boolean":
                kinds.setdefault(name, set()).add(FLAG)
            case _:
                kinds.setdefault(name, set()).add(TEXT)


def is_xml(shape: Shape | None) -> bool:
    """Is the body of an answer with this shape XML? S3 gives some members, such as a bucket policy, as the body itself."""
    payload = shape.serialization.get("payload") if shape is not None else None
    return payload is None or getattr(shape, "members")[payload].type_name == "structure"  # noqa: B009 - not in the stubs
