"""Write a request as a curl command."""

from clarifai_chat.llm.code.beside import has_long
from clarifai_chat.llm.code.call import KEY, Call, Snippet, about_files
from clarifai_chat.llm.code.literals import JSON, literal, shell_text

_WHY_EXTRA = "# Outside extra_body, the proxy would rename or drop these.\n"
# Linux takes no argument of more than 128 kB.
MAX_ARGUMENT_BYTES = 100_000


def with_curl(call: Call, filename: str = "ask.sh", body_name: str = "request.json") -> Snippet:
    """Return the call as a curl command; a long body is a file beside it."""
    body = {**call.body, **({"extra_body": dict(call.extra)} if call.extra else {})}
    json = literal(body, JSON)
    data, files = shell_text(json), {}
    if has_long(call.body["messages"]) or len(data.encode()) > MAX_ARGUMENT_BYTES:
        data, files = f"@{body_name}", {body_name: json.encode()}
    command = "curl --no-buffer" if call.streams else "curl"
    lines = [
        f"{command} {shell_text(call.url)}",
        f'  --header "Authorization: Bearer ${call.key}"',
        "  --header 'Content-Type: application/json'",
        f"  --data {data}",
    ]
    how = (
        f"Put your token into the environment as `{KEY}`, then run `sh {filename}`"
        " (macOS, Linux or WSL)."
    )
    text = (_WHY_EXTRA if call.extra else "") + " \\\n".join(lines) + "\n"
    return Snippet("curl", "curl", "bash", filename, text, files, (how, *about_files(files)))
