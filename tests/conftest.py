"""What holds for every test: nothing of the machine's own AWS settings, and no credentials but those a test gives."""

from __future__ import annotations

import gc
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import botocore.hooks
import botocore.regions
import botocore.session
import pytest
import typer.main
from botocore.client import ClientCreator
from botocore.endpoint_provider import EndpointProvider
from botocore.hooks import EventAliaser, NodeList
from botocore.loaders import Loader, create_loader
from hypothesis import HealthCheck, settings

from fcsse.cli.main import COLLECT_EVERY
from tests import neutral_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import ServiceModel

neutral_environment.enter()

# As in the command's own process, which the entry point makes so; here commands run without it.
gc.set_threshold(COLLECT_EVERY)

# How long an example takes measures the machine; what an example shows is what a test is about.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


_METHODS: dict[str, dict[str, Any]] = {}
_ALIASES: dict[str, str] = {}


@cache
def _one_loader(_: str | None = None) -> Loader:
    """botocore's service models, read once for all sessions of this process instead of once a session."""
    return create_loader()


def _copy_of_handlers(node: dict[str, Any]) -> dict[str, Any]:
    """As botocore copies the handlers of a session for each client, without asking how each part is copied."""
    return {
        name: NodeList(part.first.copy(), part.middle.copy(), part.last.copy())
        if isinstance(part, NodeList)
        else _copy_of_handlers(part)
        if isinstance(part, dict)
        else part
        for name, part in node.items()
    }


@pytest.fixture(scope="session", autouse=True)
def _clients_are_made_in_half_the_time() -> Iterator[None]:
    """What botocore and Typer work out anew each time, and which is the same each time: models, methods, names of events, rules of endpoints, options.

    Tests make thousands of clients in one process. `tests/credentials` runs commands in processes of their own, without this.
    """
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
        patch.setattr("botocore.hooks._PrefixTrie._recursive_copy", lambda _, node: _copy_of_handlers(node))
        patch.setattr(EventAliaser, "_alias_event_name", aliased)
        patch.setattr(botocore.hooks, "accepts_kwargs", lambda _: True)
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield
