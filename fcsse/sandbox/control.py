"""The sandbox's own HTTP endpoint under ``/_sandbox``, for other processes and other languages. JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from fcsse.sandbox.simulation import Simulation
from fcsse.sandbox.wire import Reply


class Control:
    """Answers what comes in under ``/_sandbox``.

    ==================================  ================================================================================
    ``GET /_sandbox``                   accounts, keys, buckets, caches
    ``GET, DELETE /_sandbox/requests``  the request log (``?operation=kms:PutKeyPolicy``); empty it
    ``GET, POST, DELETE …/faults``      faults in place; add one (members of ``Fault``); take all away
    ``POST …/late``                     ``policy_seconds``, ``policy_reads``, ``grant_seconds``, ``grant_reads``,
                                        ``event_seconds``
    ``GET, POST …/events``              what CloudTrail recorded; put an event in (``event``, ``account``, ``region``, ``ago``)
    ``POST …/events/age``               ``seconds``: make all of them older
    ``POST …/switches``                 members of ``Switches``
    ``POST, DELETE …/writers``          ``key`` and ``every``, ``pause``, ``keep`` (busy) or ``on``, ``nth``, ``times``,
                                        ``after``, ``statement`` (once); stop them
    ``GET, PUT …/policy/KEY``           a key's policy text now; store one unchecked, as given
    ``POST …/caches``                   ``id``, ``links`` and the other parameters of ``add_cache``
    ``DELETE …/caches/ID``              delete a cache and its role
    ``POST …/cache/ID/read``, ``write`` ``bucket``, ``key``, ``data``: play the cache
    ``POST …/organization``             ``accounts`` (names by id), ``identifier``, ``unit``: as ``add_organization``
    ``POST …/share/KEY``                the policy AWS_RAM of a key; null takes it away
    ``POST …/expire``                   ``side``: that administrator's credentials expire
    ``GET …/env``                       the environment for a client (``?side=other``)
    ``POST …/reset``                    back to the start
    ==================================  ================================================================================
    """

    def __init__(self, sandbox: Simulation) -> None:
        self._sandbox = sandbox

    def __call__(self, environ: dict[str, Any], body: bytes) -> Reply:
        """Answer one request to the control endpoint."""
        path = str(environ["PATH_INFO"]).removeprefix("/_sandbox").strip("/").split("/")
        query = dict(parse_qsl(str(environ.get("QUERY_STRING") or "")))
        method = str(environ["REQUEST_METHOD"])
        try:
            text = body.decode()
            given = json.loads(text) if text and not (method == "PUT" and path[0] == "policy") else {}
            answer = self._answer(method, path, query, given, text)
        except (KeyError, StopIteration) as error:
            return _reply({"error": f"not found: {error}"}, 404)
        except (TypeError, ValueError, AttributeError) as error:
            return _reply({"error": str(error)}, 400)
        return _reply(answer)

    def _answer(self, method: str, path: list[str], query: Mapping[str, str], given: dict[str, Any], text: str) -> Any:
        sandbox = self._sandbox
        match method, path:
            case "GET", [""]:
                return self._overview()
            case "GET", ["requests"]:
                only = query.get("operation")
                return {"requests": [e.to_json() for e in sandbox.requests if only in (None, e.operation)]}
            case "DELETE", ["requests"]:
                sandbox.requests.clear()
            case "GET", ["faults"]:
                return {"faults": [fault.to_json() for fault in sandbox.faults.items]}
            case "POST", ["faults"]:
                return sandbox.fault(given.pop("operation"), given.pop("code", None), **given).to_json()
            case "DELETE", ["faults"]:
                sandbox.faults.clear()
            case "POST", ["late"]:
                sandbox.late(**given)
            case "GET", ["events"]:
                return {"events": [one.written() for one in sandbox.state.trail.events]}
            case "POST", ["events"]:
                sandbox.add_event(given.pop("event"), **given)
            case "POST", ["events", "age"]:
                sandbox.age_events(float(given["seconds"]))
            case "POST", ["switches"]:
                for name, value in given.items():
                    if name not in sandbox.switches.__slots__:
                        raise KeyError(name)
                    setattr(sandbox.switches, name, value)
            case "POST", ["writers"]:
                if "every" in given or "pause" in given:
                    sandbox.busy_writer(given.pop("key"), **given)
                else:
                    sandbox.second_writer(given.pop("key"), given.pop("statement", None), **given)
            case "DELETE", ["writers"]:
                sandbox.stop_writers()
            case "GET", ["policy", *name]:
                return {"policy": sandbox.policy_text("/".join(name))}
            case "PUT", ["policy", *name]:
                sandbox.put_policy_verbatim("/".join(name), text)
            case "POST", ["caches"]:
                sandbox.add_cache(given.pop("id"), given.pop("links", ()), **given)
            case "DELETE", ["caches", cache]:
                sandbox.delete_cache(cache)
            case "POST", ["cache", cache, ("read" | "write") as verb]:
                return self._play(cache, verb, given)
            case "POST", ["organization"]:
                sandbox.add_organization(given.pop("accounts", None), **given)
            case "POST", ["share", *name]:
                sandbox.share_key("/".join(name), given)
            case "POST", ["expire"]:
                sandbox.expire(given.get("side", "main"))
            case "GET", ["env"]:
                return sandbox.env(query.get("side", "main"))
            case "POST", ["reset"]:
                sandbox.reset()
            case _:
                raise KeyError(f"{method} /_sandbox/{'/'.join(path)}")
        return {}

    def _play(self, cache: str, verb: str, given: Mapping[str, Any]) -> Any:
        player = self._sandbox.cache(cache)
        if verb == "read":
            return player.read(given["bucket"], given["key"]).to_json()
        data = str(given.get("data", "written by the cache\n")).encode()
        return player.write(given["bucket"], given["key"], data).to_json()

    def _overview(self) -> Any:
        state = self._sandbox.state
        with state.lock:
            return {
                "accounts": sorted(state.accounts),
                "region": state.region,
                "caches": {c.id: {"lifecycle": c.lifecycle, "account": c.account} for c in state.caches.values()},
                "keys": {key.arn: key.state for key in state.keys.values()},
                "aliases": dict(state.aliases),
                "buckets": sorted(state.buckets),
            }


def _reply(value: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), {"Content-Type": "application/json"})
