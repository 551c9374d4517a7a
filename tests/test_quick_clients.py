"""What the tests do to make clients of botocore sooner leaves them as botocore makes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from botocore.session import Session

from tests.quick_clients import quick_clients

ROOT = Path(__file__).parents[1]
SERVICES = ("athena", "cloudtrail", "dynamodb", "fsx", "iam", "kms", "organizations", "s3", "sts")


def handlers(client: Any) -> list[str]:
    """Events and who handles them, in the order in which they are called."""
    found: list[str] = []

    def walk(node: dict[str, Any], name: str) -> None:
        for part in ("first", "middle", "last"):
            some = getattr(node["values"], part, ()) if node["values"] else ()
            found.extend(f"{name} {part} {getattr(one, '__qualname__', type(one).__qualname__)}" for one in some)
        for chunk, child in sorted(node["children"].items()):
            walk(child, f"{name}.{chunk}".lstrip("."))

    emitter = client.meta.events
    walk(getattr(emitter, "_emitter", emitter)._handlers._root, "")
    return found


def facts(service: str) -> list[str]:
    """What a client of botocore is made of, with a handler of one's own on it."""
    session = Session()
    session.set_credentials("AKIAEXAMPLE", "secret")
    client: Any = session.create_client(service, region_name="eu-west-1")
    client.meta.events.register(f"before-send.{service}", lambda **_: None)
    config = client.meta.config
    return [
        client.meta.endpoint_url,
        str(config.retries),
        str(config.region_name),
        *sorted(dir(client)),
        *handlers(client),
    ]


def compared() -> dict[str, list[list[str]]]:
    """The facts of each service's clients: as botocore makes one, and two as the tests do."""
    ordinary = {service: facts(service) for service in SERVICES}
    with quick_clients():
        return {service: [ordinary[service], facts(service), facts(service)] for service in SERVICES}


def test_a_client_of_the_tests_is_as_any() -> None:
    """In a process of its own: moto, once it is imported, adds a handler to all clients."""
    text = "import json; from tests.test_quick_clients import compared; print(json.dumps(compared()))"
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, list[list[str]]] = json.loads(done.stdout)
    assert found.keys() == set(SERVICES)
    for service, (ordinary, first, second) in found.items():
        assert first == ordinary, service
        assert second == ordinary, service  # what one client registers is not another's
