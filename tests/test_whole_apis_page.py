"""Whole APIs become tools: imported, checked and run with the Demo model."""

import importlib.util
import json
from pathlib import Path

import pytest

from clarifai_chat import catalog
from tests.pages import page
from tests.test_import_page import names_in_editor, paste
from tests.test_tool_playground_page import PAGE, run

PET = {
    "type": "object",
    "required": ["name", "photoUrls"],
    "properties": {
        "id": {"type": "integer", "format": "int64", "example": 10},
        "name": {"type": "string", "example": "doggie"},
        "photoUrls": {"type": "array", "xml": {"wrapped": True}, "items": {"type": "string"}},
        "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}},
        "status": {"type": "string", "enum": ["available", "pending", "sold"]},
    },
}
ID = {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
STATUS = {"name": "status", "in": "query", "schema": PET["properties"]["status"]}
BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
PETSTORE = {
    "openapi": "3.0.4",
    "info": {"title": "Petstore", "version": "1.0.27"},
    "paths": {
        "/pet": {
            "put": {"operationId": "updatePet", "requestBody": BODY},
            "post": {"operationId": "addPet", "requestBody": {**BODY, "required": True}},
        },
        "/pet/findByStatus": {"get": {"operationId": "findPetsByStatus", "parameters": [STATUS]}},
        "/pet/{petId}": {
            "parameters": [ID],
            "get": {"operationId": "getPetById"},
            "delete": {
                "operationId": "deletePet",
                "parameters": [{"name": "api_key", "in": "header", "schema": {"type": "string"}}],
            },
        },
    },
    "components": {
        "schemas": {
            "Pet": PET,
            "Tag": {"type": "object", "properties": {"name": {"type": "string"}}},
        }
    },
}


def litellm_proxy():
    """Return the API of the LiteLLM Proxy, from the parts that the package holds."""
    place = importlib.util.find_spec("litellm").origin
    parts = json.loads((Path(place).parent / "proxy/_lazy_openapi_snapshot.json").read_text())
    paths, schemas = {}, {}
    for part in parts.values():
        paths |= part["paths"]
        schemas |= part["components"].get("schemas", {})
    return {"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}}


@pytest.mark.parametrize(
    ("document", "operations"),
    [
        (PETSTORE, ["POST /pet", "GET /pet/findByStatus", "GET /pet/{petId}", "PUT /pet"]),
        (litellm_proxy(), ["POST /guardrails", "GET /guardrails/list", "GET /prompts/list"]),
    ],
    ids=["petstore", "LiteLLM Proxy"],
)
def test_an_api_is_imported_checked_and_called_by_the_demo(open_app, document, operations):
    app = paste(open_app(PAGE, chosen=catalog.DEMO.url), json.dumps(document))

    app.multiselect(key="choose_operations").set_value(operations).run()
    app.click("use_import")
    names = names_in_editor(app)

    assert len(names) == len(operations)
    assert "no errors" in page(app)
    for name in names:
        app.selectbox(key="tool_choice").set_value(name).run()
        run(app, "Try it with the number 7")
        assert f"called {name}: valid" in page(app)
