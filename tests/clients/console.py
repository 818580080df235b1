"""A console in another language, written from the receiver's OpenAPI document and nothing else.

    console.py DOCUMENT-URL TOKEN OTHER-TOKEN

Lists the open alarms, claims the first that waits, loses a second claim of it to itself, closes it with an outcome of
the centre's choices, and finds it among the just-closed. Paths, methods, fields, names and the way to sign in are read
from the document; a request or an answer that does not fit to it ends the program. Prints what it did as JSON.

Python's standard library only.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid

ANSWER_WITHIN_S = 60


class Misfit(Exception):
    """The document and the receiver do not agree."""


class Api:
    """The operations of a document, by their operationId."""

    def __init__(self, document_url, token):
        with urllib.request.urlopen(document_url, timeout=ANSWER_WITHIN_S) as answer:
            self.document = json.load(answer)
        self.base = document_url
        self.token = token
        self.operations = {
            operation["operationId"]: (method, path, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
        }

    def call(self, name, path=None, query=None, body=None):
        """Does an operation; gives the status and the answer, which fits to the document."""
        method, template, operation = self.operations[name]
        for parameter in operation.get("parameters", []):
            given = {"path": path, "query": query}.get(parameter["in"]) or {}
            if parameter["required"] and parameter["name"] not in given:
                raise Misfit(f"{name} needs {parameter['name']}")
        url = urllib.parse.urljoin(self.base, template.format(**(path or {})))
        if query:
            url += "?" + urllib.parse.urlencode(query)
        headers = self.sign_in(operation)
        data = None
        if body is not None:
            kind, content = next(iter(operation["requestBody"]["content"].items()))
            self.fits(content["schema"], body, name)
            headers["Content-Type"] = kind
            data = json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method.upper())
        try:
            answer = urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return answer.status, self.read(name, operation, answer)

    def read(self, name, operation, answer):
        """An answer's body, if the document knows such an answer."""
        described = operation["responses"].get(str(answer.status))
        if described is None:
            raise Misfit(f"{name} answered {answer.status}")
        kind = answer.headers["Content-Type"]
        if kind not in described["content"]:
            raise Misfit(f"{name} answered {kind}")
        body = json.load(answer)
        self.fits(described["content"][kind]["schema"], body, name)
        return body

    def sign_in(self, operation):
        """The headers that the document's security asks for."""
        for needed in operation.get("security", self.document["security"]):
            for scheme in needed:
                described = self.document["components"]["securitySchemes"][scheme]
                if (described["type"], described["scheme"]) != ("http", "bearer"):
                    raise Misfit(f"no way to sign in by {scheme}")
                return {"Authorization": f"Bearer {self.token}"}
        return {}

    def fits(self, schema, value, where):
        """Ends the program unless a value has what its schema demands, and nothing that the schema does not know."""
        while "$ref" in schema:
            schema = self.resolve(schema["$ref"])
        if "enum" in schema and value not in schema["enum"]:
            raise Misfit(f"{where}: {value!r} is none of {schema['enum']}")
        if schema.get("type") == "array":
            for number, one in enumerate(value):
                self.fits(schema["items"], one, f"{where}[{number}]")
        if schema.get("type") == "object" and "properties" in schema and isinstance(value, dict):
            for needed in schema.get("required", []):
                if needed not in value:
                    raise Misfit(f"{where} lacks {needed}")
            for field, one in value.items():
                if field not in schema["properties"]:
                    raise Misfit(f"{where} has {field}, which the document does not know")
                self.fits(schema["properties"][field], one, f"{where}.{field}")

    def resolve(self, reference):
        place = self.document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        return place


def expect(wanted, status, body):
    if status != wanted:
        raise Misfit(f"{status} instead of {wanted}: {json.dumps(body)}")
    return body


def action(desk, **more):
    return {"action": str(uuid.uuid4()), "desk": desk, **more}


def main(document_url, token, other_token):
    console, other = Api(document_url, token), Api(document_url, other_token)
    alarms = expect(200, *console.call("listAlarms"))
    alarm = next(alarm for alarm in alarms["alarms"] if alarm["standing"] == "waiting")
    place = {"id": alarm["id"]}

    claimed = expect(200, *console.call("claimAlarm", place, body=action("desk-1")))["alarm"]
    lost = expect(409, *other.call("claimAlarm", place, body=action("desk-2")))

    choices = expect(200, *console.call("getChoices"))
    outcome = next(outcome for outcome in choices["outcomes"] if outcome["text"] == "required")
    closing = action("desk-1", shown=claimed["last_signal"], outcome=outcome["code"], text="her daughter came")
    expect(200, *console.call("closeAlarm", place, body=closing))

    # A poll waits for the change that the close made, if the list does not have it yet.
    after = expect(200, *console.call("listAlarms", query={"cursor": alarms["cursor"], "wait": 5}))
    while alarm["id"] not in [closed["id"] for closed in after["closed"]]:
        after = expect(200, *console.call("listAlarms", query={"cursor": after["cursor"], "wait": 5}))
    done = {
        "alarm": alarm["id"],
        "headline": alarm["headline"],
        "holder": lost["holder"]["person"],
        "outcome": outcome["code"],
        "open": after["open"],
    }
    print(json.dumps(done))


if __name__ == "__main__":
    main(*sys.argv[1:])
