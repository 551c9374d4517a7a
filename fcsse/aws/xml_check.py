"""Is an XML answer in the form of the service model? Pure.

botocore's parser passes over what does not fit: text where a list is due reads as an empty list, and a flag that is neither
true nor false as false. Then a list would be taken for empty, or its first page for the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from botocore.model import Shape

FLAG, PARTS, TEXT = "boolean", "parts", "text"


def xml_fault(body: bytes, shape: Shape | None) -> str | None:
    """What is wrong with an XML answer: no XML, or an element of another kind than the service model has; None if nothing.

    An empty body counts as an answer without members. Unknown elements pass, and so do those whose name stands for several
    kinds.
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
