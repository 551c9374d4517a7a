"""Clients of botocore in less of the time, for tests, which make thousands of them in one process.

botocore works out anew for each session and client what is the same for all: service models, methods, names of events, rules of
endpoints, handlers. Here it is worked out once. `tests/credentials` runs commands in processes of their own, without this.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast
from weakref import WeakKeyDictionary

import botocore.hooks
import botocore.regions
import botocore.session
import pytest
from botocore.client import ClientCreator
from botocore.endpoint_provider import EndpointProvider
from botocore.hooks import EventAliaser, NodeList
from botocore.loaders import Loader, create_loader
from botocore.model import ServiceModel
from botocore.session import Session

_METHODS: dict[str, dict[str, Any]] = {}
_ALIASES: dict[str, str] = {}


@contextmanager
def quick_clients() -> Iterator[None]:
    """As long as it lasts, whatever botocore makes is as it would be, and is made sooner."""
    creator_type, aliaser_type = cast("Any", ClientCreator), cast("Any", EventAliaser)  # the stubs leave these out
    make_methods, alias = creator_type._create_methods, aliaser_type._alias_event_name
    load_model = creator_type._load_service_model
    models: dict[tuple[str, str | None], ServiceModel] = {}
    rules: dict[int, EndpointProvider] = {}

    def model(creator: ClientCreator, service: str, version: str | None = None) -> ServiceModel:
        if (service, version) not in models:
            models[service, version] = load_model(creator, service, version)
        return models[service, version]

    def methods(creator: ClientCreator, model: ServiceModel) -> dict[str, Any]:
        if model.service_name not in _METHODS:
            _METHODS[model.service_name] = make_methods(creator, model)
        return dict(_METHODS[model.service_name])

    def aliased(aliaser: EventAliaser, name: str) -> str:
        if name not in _ALIASES:
            _ALIASES[name] = alias(aliaser, name)
        return _ALIASES[name]

    def endpoint_rules(*, ruleset_data: dict[str, Any], **others: Any) -> EndpointProvider:
        if id(ruleset_data) not in rules:  # the loader keeps them; the rest is the same for the same rules
            rules[id(ruleset_data)] = EndpointProvider(ruleset_data=ruleset_data, **others)
        return rules[id(ruleset_data)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.regions, "EndpointProvider", endpoint_rules)
        patch.setattr(botocore.session, "create_loader", _one_loader)
        patch.setattr(ClientCreator, "_load_service_model", model)
        patch.setattr(ClientCreator, "_create_methods", methods)
        patch.setattr(EventAliaser, "_alias_event_name", aliased)
        patch.setattr(botocore.hooks, "accepts_kwargs", lambda _: True)
        _share_handlers(patch)
        _keep_scoped_config(patch)
        yield


@cache
def _one_loader(_: str | None = None) -> Loader:
    """botocore's service models, read once for all sessions of this process instead of once a session."""
    return create_loader()


def _share_handlers(patch: pytest.MonkeyPatch) -> None:
    """Sessions and clients share the tree of their handlers, and copy of it what they change, when they change it."""
    trie_type = cast("Any", botocore.hooks)._PrefixTrie
    append, remove, register = (
        trie_type.append_item,
        trie_type.remove_item,
        cast("Any", Session)._register_builtin_handlers,
    )
    first: list[Any] = []

    def shared(trie: Any) -> Any:
        twin = trie_type()
        twin._root = trie._root
        trie.own, twin.own = {}, {}
        return twin

    def append_item(trie: Any, key: str, *others: Any, **named: Any) -> None:
        _own_path(trie, key)
        append(trie, key, *others, **named)

    def remove_item(trie: Any, key: str, value: Any) -> None:
        _own_path(trie, key)
        remove(trie, key, value)

    def register_builtin(session: Any, events: Any) -> None:
        if not first:
            register(session, events)
            first.append(copy.copy(session._events._emitter))
        else:
            session._events._emitter = copy.copy(first[0])

    patch.setattr(trie_type, "__copy__", shared)
    patch.setattr(trie_type, "append_item", append_item)
    patch.setattr(trie_type, "remove_item", remove_item)
    patch.setattr(Session, "_register_builtin_handlers", register_builtin)


def _own_path(trie: Any, key: str) -> None:
    """Copies the nodes on the way to a key, unless they have been copied for this tree, or it shares none."""
    own = trie.__dict__.get("own")
    if own is None:
        return
    if id(trie._root) not in own:
        trie._root = _own(trie._root, own)
    node = trie._root
    for part in key.split("."):
        child = node["children"].get(part)
        if child is None:
            return
        if id(child) not in own:
            child = node["children"][part] = _own(child, own)
        node = child


def _own(node: dict[str, Any], own: dict[int, Any]) -> dict[str, Any]:
    values = node["values"]
    copied = {
        **node,
        "children": dict(node["children"]),
        "values": values and NodeList(values.first.copy(), values.middle.copy(), values.last.copy()),
    }
    own[id(copied)] = copied
    return copied


def _keep_scoped_config(patch: pytest.MonkeyPatch) -> None:
    """A session's part of the config file is looked up once a profile, instead of some fifty times a client."""
    look_up = Session.get_scoped_config
    found: WeakKeyDictionary[Session, dict[object, Any]] = WeakKeyDictionary()

    def scoped_config(session: Session) -> Any:
        profile = (
            session.instance_variables().get("profile"),
            os.environ.get("AWS_DEFAULT_PROFILE"),
            os.environ.get("AWS_PROFILE"),
        )
        kept = found.setdefault(session, {})
        if profile not in kept:
            kept[profile] = look_up(session)
        return kept[profile]

    patch.setattr(Session, "get_scoped_config", scoped_config)
