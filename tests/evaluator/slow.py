"""A second evaluator, slow and obvious, to hold the real one against.

Every rule is written down as the AWS pages state it, over the raw document, with no preparation and no sharing of code
with the product. It knows only full knowledge: a key that the context lacks is absent. ``SilentError`` is raised where the
pages are silent or contradict each other; then anything goes.
"""

from __future__ import annotations

import base64
import ipaddress
from datetime import UTC, datetime
from typing import Any


class SilentError(Exception):
    """No AWS page decides this."""


MANY = ["kms:encryptioncontextkeys", "kms:grantoperations", "kms:resourcealiases", "aws:calledvia", "aws:tagkeys", "aws:principalorgpaths"]  # fmt: skip
"""Keys that AWS lists with several values."""


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def glob(pattern: str, text: str, star: str = "*", one: str = "?") -> bool:
    """'*' stands for any characters, '?' for exactly one."""
    if pattern == "":
        return text == ""
    if pattern[0] == star:
        return any(glob(pattern[1:], text[skip:], star, one) for skip in range(len(text) + 1))
    if text == "":
        return False
    return (pattern[0] == one or pattern[0] == text[0]) and glob(pattern[1:], text[1:], star, one)


class World:
    """One request with everything about it known."""

    def __init__(
        self,
        principal: str,
        action: str,
        resource: str,
        context: dict[str, Any],
        unique_ids: frozenset[str] = frozenset(),
    ) -> None:
        self.principal = principal
        self.action = action
        self.resource = resource
        self.unique_ids = unique_ids
        self.context = {key.lower(): value for key, value in context.items()}
        pairs = [
            key[len("kms:EncryptionContext:") :] for key in context if key.lower().startswith("kms:encryptioncontext:")
        ]
        if pairs and action.lower().startswith("kms:"):
            self.context.setdefault("kms:encryptioncontextkeys", tuple(pairs))
        parts = principal.split(":")
        self.is_arn = len(parts) > 5
        self.account = parts[4] if self.is_arn else None
        self.partition = parts[1] if self.is_arn else None
        self.kind = parts[5].split("/")[0] if self.is_arn else ("service" if "." in principal else "anonymous")
        if self.is_arn:
            if self.kind != "assumed-role":
                self.context.setdefault("aws:principalarn", principal)
            self.context.setdefault("aws:principalaccount", self.account)
            self.context.setdefault("aws:principalisawsservice", "false")
            if action.lower().startswith("kms:"):
                self.context.setdefault("kms:calleraccount", self.account)
            names = {"role": "AssumedRole", "assumed-role": "AssumedRole", "user": "User", "root": "Account"}
            if self.kind in names:
                self.context.setdefault("aws:principaltype", names[self.kind])
            if self.kind == "user":
                self.context.setdefault("aws:username", parts[5].split("/")[-1])
            if self.kind == "root":
                self.context.setdefault("aws:userid", self.account)
            if self.kind == "user" and len(unique_ids) == 1:
                self.context.setdefault("aws:userid", next(iter(unique_ids)))
            if self.kind == "assumed-role" and len(unique_ids) == 1:
                self.context.setdefault("aws:userid", next(iter(unique_ids)) + ":" + parts[5].split("/")[-1])


# ---- values with variables -------------------------------------------------------------------------------------------


def pieces(text: str, version: str, world: World) -> list[tuple[str, bool]] | None:
    """Characters with a mark whether a wildcard among them is one. None: a variable has no value."""
    if version != "2012-10-17":
        return [(char, True) for char in text]
    out: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        if text.startswith("${", at) and "}" in text[at:]:
            end = text.index("}", at)
            name = text[at + 2 : end]
            if name in ("*", "?", "$"):
                out.append((name, False))
            else:
                default = None
                if "," in name:
                    name, default = (part.strip() for part in name.split(",", 1))
                    if not (default.startswith("'") and default.endswith("'") and len(default) > 1):
                        raise SilentError(text)
                    default = default[1:-1]
                value = world.context.get(name.strip().lower())
                if isinstance(value, tuple):
                    value = None
                if value is None:
                    value = default
                if value is None:
                    return None
                out.extend((char, False) for char in value)
            at = end + 1
        else:
            out.append((text[at], True))
            at += 1
    return out


def spelled(marked: list[tuple[str, bool]], wildcards: bool) -> str:
    """The pattern as one string in which true wildcards are \x01 and \x02."""
    return "".join({"*": "\x01", "?": "\x02"}.get(char, char) if own and wildcards else char for char, own in marked)


def like(pattern: str, text: str) -> bool:
    return glob(pattern, text, "\x01", "\x02")


# ---- conditions ------------------------------------------------------------------------------------------------------


def number(text: str) -> float | None:
    if text.strip() != text or not any(char.isdigit() for char in text) or set(text) - set("0123456789.+-"):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def moment(text: str) -> float | None:
    if len(text) == 4 and text.isdigit():
        return None  # a year, or seconds
    if number(text) is not None:
        return float(text)
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d", "%Y-%m", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            continue
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return None


def one_matches(base: str, wanted: str, given: str, version: str, world: World) -> bool:
    """Does one policy value match one value of the request, under the operator without its 'Not'?"""
    if base.startswith(("string", "arn")):
        marked = pieces(wanted, version, world)
        if marked is None:
            return False
        if base.startswith("arn"):
            if version == "2012-10-17" and early_variable(wanted):
                raise SilentError("a variable before the fifth colon")
            pattern = spelled(marked, True).split(":", 5)
            parts = given.split(":", 5)
            if len(pattern) != 6 or len(parts) != 6:
                raise SilentError("not an ARN")
            return all(like(one, other) for one, other in zip(pattern, parts, strict=True))
        if base == "stringlike":
            return like(spelled(marked, True), given)
        text = spelled(marked, False)
        return text == given if base == "stringequals" else text.lower() == given.lower()
    if base.startswith(("numeric", "date")):
        read = number if base.startswith("numeric") else moment
        left, right = read(given), read(wanted)
        if left is None or right is None:
            raise SilentError("not a number or date")
        comparison = base.removeprefix("numeric").removeprefix("date")
        return {
            "equals": left == right,
            "lessthan": left < right,
            "lessthanequals": left <= right,
            "greaterthan": left > right,
            "greaterthanequals": left >= right,
        }[comparison]
    if base == "bool":
        if "${" in wanted:
            raise SilentError("variables under Bool")
        if wanted.lower() not in ("true", "false") or given.lower() not in ("true", "false"):
            raise SilentError("not a truth value")
        return given.lower() == wanted.lower()
    if base == "binaryequals":
        try:
            return base64.b64decode(wanted, validate=True) == base64.b64decode(given, validate=True)
        except ValueError:
            raise SilentError("not base64") from None
    if base == "ipaddress":
        try:
            net, address = ipaddress.ip_network(wanted, strict=False), ipaddress.ip_address(given)
        except ValueError:
            raise SilentError("not an address") from None
        return net.version == address.version and address in net
    raise SilentError(f"operator {base}")


def entry_holds(operator: str, key: str, wanted: list[str], version: str, world: World) -> bool:
    name = operator.lower()
    present = world.context.get(key.lower())
    values = [] if present is None else list(present) if isinstance(present, tuple) else [present]
    if name == "null":
        absent = not values or all(value == "" for value in values)
        texts = [text.lower() for text in wanted]
        if ("true" if absent else "false") in texts:
            return True
        if not texts or set(texts) - {"true", "false"}:
            raise SilentError(f"Null with {wanted}")
        return False
    every = name.startswith("forallvalues:")
    some = name.startswith("foranyvalue:")
    name = name.split(":", 1)[1] if every or some else name
    if name.endswith("ifexists"):
        name = name[: -len("ifexists")]
        if some and all(value == "" for value in values):
            raise SilentError("ForAnyValue with IfExists, without a value")
        if not values:
            return True
    negated = "not" in name
    if negated and not wanted:
        raise SilentError("other than nothing")
    base = name.replace("not", "")
    if base == "arnequals":
        base = "arnlike"
    if not values:
        return every or (negated and not some)
    if (every or some) and all(value == "" for value in values):
        return every
    if not (every or some) and (isinstance(present, tuple) or key.lower() in MANY):
        raise SilentError("a plain operator on a key with several values")
    results = []
    for value in values:
        hits = [one_matches(base, text, value, version, world) for text in wanted]
        if negated and not any(hits) and base.startswith(("string", "arn")):
            for text in wanted:
                if pieces(text, version, world) is None:
                    raise SilentError("a negated operator with a variable that has no value")
        results.append(not any(hits) if negated else any(hits))
    if every:
        return all(results)
    if some:
        return any(results)
    return results[0]


def conditions_hold(block: Any, version: str, world: World) -> bool:
    for operator, keys in (block or {}).items():
        for key, values in keys.items():
            texts = [str(v).lower() if isinstance(v, bool) else str(v) for v in listed(values)]
            if not entry_holds(operator, key, texts, version, world):
                return False
    return True


# ---- the other elements ----------------------------------------------------------------------------------------------


def role_of_session(world: World) -> str | None:
    own = world.context.get("aws:principalarn")
    return own if isinstance(own, str) and ":role/" in own else None


def names(entry: str, world: World) -> str:
    """How one AWS principal names the caller: 'itself', 'account' or ''."""
    if entry == "*":
        return "itself"
    if not world.is_arn:
        return ""
    if entry == world.account or entry == f"arn:{world.partition}:iam::{world.account}:root":
        return "itself" if world.kind == "root" else "account"
    if entry == world.principal:
        return "itself"
    if entry in world.unique_ids or any(own.split(":")[0] == entry for own in world.unique_ids):
        return "itself"
    if not world.unique_ids and entry.startswith(("AROA", "AIDA")):
        userid = world.context.get("aws:userid")
        kinds = {"AROA": ("role", "assumed-role"), "AIDA": ("user",)}[entry[:4]]
        return "itself" if isinstance(userid, str) and world.kind in kinds and userid.split(":")[0] == entry else ""
    if world.kind == "assumed-role" and ":role/" in entry:
        role = role_of_session(world)
        if role is not None:
            return "itself" if role == entry else ""
        name = world.principal.split("/")[1]
        same = entry.split(":")[1] == world.partition and entry.split(":")[4] == world.account
        return "itself" if same and entry.split("/")[-1] == name else ""
    if world.kind == "role" and ":assumed-role/" in entry:
        userid = world.context.get("aws:userid")
        if not isinstance(userid, str) or ":" not in userid:
            return ""
        role, session = entry.split(":", 5)[5].split("/")[1:3]
        same = entry.split(":")[1] == world.partition and entry.split(":")[4] == world.account
        return (
            "itself" if same and role == world.principal.split("/")[-1] and session == userid.split(":", 1)[1] else ""
        )
    return ""


def how_named(element: Any, world: World) -> set[str]:
    if element == "*":
        return {"itself"}
    found: set[str] = set()
    for sort, entries in element.items():
        for entry in listed(entries):
            if sort == "AWS":
                found.add(names(entry, world))
            elif sort == "Service" and entry == world.principal and not world.is_arn:
                found.add("itself")
            elif sort == "CanonicalUser" and not world.action.lower().startswith("kms:"):
                raise SilentError("whose canonical id is it?")
    return found - {""}


def principal_matches(statement: dict[str, Any], world: World) -> str:
    """'itself', 'account' or ''."""
    if "Principal" in statement:
        found = how_named(statement["Principal"], world)
        return "itself" if "itself" in found else "account" if found else ""
    found = how_named(statement["NotPrincipal"], world)
    if statement["NotPrincipal"] == "*" or not world.is_arn:
        return "" if found else "itself"
    if statement["Effect"] == "Allow" or not found:
        return "" if found else "itself"
    listed_entries = listed(statement["NotPrincipal"].get("AWS"))
    if "*" in listed_entries:
        return ""
    if world.kind == "root":
        return ""
    root = f"arn:{world.partition}:iam::{world.account}:root"
    missing = set() if world.account in listed_entries or root in listed_entries else {"account"}
    if world.kind in ("role", "assumed-role"):
        mine = [entry for entry in listed_entries if names(entry, world) == "itself"]
        missing |= set() if any(":assumed-role/" in entry for entry in mine) else {"session"}
        missing |= set() if any(":assumed-role/" not in entry for entry in mine) else {"role"}
    elif "itself" not in found:
        missing.add("user")
    if not missing:
        return ""
    raise SilentError(f"NotPrincipal without the {missing}")


def action_matches(statement: dict[str, Any], world: World) -> bool:
    key = "Action" if "Action" in statement else "NotAction"
    hit = False
    for pattern in listed(statement[key]):
        if not glob(pattern.lower(), world.action.lower()):
            continue
        service = pattern.split(":")[0]
        if pattern not in ("*", "*:*") and (":" not in pattern or "*" in service or "?" in service):
            raise SilentError("a wildcard in the service")
        hit = True
    return hit == (key == "Action")


def early_variable(text: str) -> bool:
    """Does a variable begin before the fifth colon outside of variables?"""
    colons = depth = 0
    for at, char in enumerate(text):
        if text.startswith("${", at) and "}" in text[at:]:
            if colons < 5:
                return True
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        elif char == ":" and not depth:
            colons += 1
    return False


def resource_matches(statement: dict[str, Any], version: str, world: World) -> bool:
    key = "Resource" if "Resource" in statement else "NotResource"
    hit = False
    for pattern in listed(statement[key]):
        marked = pieces(pattern, version, world)
        if version == "2012-10-17" and early_variable(pattern):
            raise SilentError("a variable before the fifth colon")
        if marked is None:
            if key == "NotResource":
                raise SilentError("NotResource with a variable that has no value")
            continue
        hit = hit or like(spelled(marked, True), world.resource)
    return hit == (key == "Resource")


def applies(statement: dict[str, Any], version: str, world: World, identity: bool = False) -> str:
    """'itself' or 'account' where the statement applies to the request, else ''."""
    if not any(key in statement for key in ("Action", "NotAction")):
        return ""
    if not any(key in statement for key in ("Resource", "NotResource")):
        return ""
    named = "itself" if identity else principal_matches(statement, world)
    fits = (
        action_matches(statement, world)
        and resource_matches(statement, version, world)
        and conditions_hold(statement.get("Condition"), version, world)
    )
    return named if fits else ""


CRYPTO = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"]


def grant_allows(grant: Any, world: World) -> bool:
    operation = world.action.split(":")[1].lower()
    if operation not in [one.lower() for one in grant.operations]:
        return False
    how = names(grant.grantee, world) if grant.grantee and grant.grantee != "*" else ""
    if how == "account":
        raise SilentError("a grant to an account")
    if not how:
        return False
    if "SourceArn" in grant.other_constraints:
        given = world.context.get("aws:sourcearn")
        if given != grant.source_arn:
            return False
    if set(grant.other_constraints) - {"SourceArn"}:
        raise SilentError("an unknown constraint")
    if operation not in [one.lower() for one in CRYPTO]:
        return True
    pairs = {
        key.removeprefix("kms:encryptioncontext:"): value
        for key, value in world.context.items()
        if key.startswith("kms:encryptioncontext:")
    }
    for wanted, exact in ((grant.constraint_equals, True), (grant.constraint_subset, False)):
        if not wanted:
            continue
        lower = {name.lower(): value for name, value in wanted.items()}
        if any(pairs.get(name) != value for name, value in lower.items()):
            return False
        if exact and set(pairs) != set(lower):
            return False
    return True


def decide(
    document: dict[str, Any],
    world: World,
    grants: Any = (),
    key_state: str = "Enabled",
    identity_policies: Any = None,
    resource_account: str | None = None,
) -> str:
    """'allowed' or 'denied'."""
    kms = world.action.lower().startswith("kms:")
    resource_account = resource_account or world.resource.split(":")[4]
    sides: dict[str, set[str]] = {"Allow": set(), "Deny": set()}
    for statement in listed(document.get("Statement")):
        sides[statement["Effect"]].add(applies(statement, document.get("Version", ""), world))
    own: dict[str, set[str]] = {"Allow": set(), "Deny": set()}
    for policy in identity_policies or ():
        for statement in listed(policy.get("Statement")):
            own[statement["Effect"]].add(applies(statement, policy.get("Version", ""), world, identity=True))
    if sides["Deny"] - {""} or own["Deny"] - {""}:
        return "denied"
    if (
        kms
        and key_state not in ("Enabled", "Updating")
        and world.action.split(":")[1].lower() in map(str.lower, CRYPTO)
    ):
        return "denied"
    granted = kms and any(grant_allows(grant, world) for grant in grants)
    itself, account = "itself" in sides["Allow"], "account" in sides["Allow"]
    mine = "itself" in own["Allow"]
    if not world.is_arn:
        return "allowed" if itself else "denied"
    root = world.kind == "root"
    if resource_account != world.account:
        fine = (itself or account) and (mine or root)
    elif kms:
        fine = itself or (account and mine)
    else:
        fine = itself or mine or root
    return "allowed" if fine or granted else "denied"
