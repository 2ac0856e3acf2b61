"""Write a LiteLLM Proxy for a request's model, and calls through it."""

from urllib.parse import urlsplit

from clarifai_chat.llm.code.call import KEY, OPENAIS, Call, Snippet, about_files
from clarifai_chat.llm.code.literals import yaml_text
from clarifai_chat.llm.code.python import with_openai
from clarifai_chat.llm.code.shell import with_curl

MODEL_NAME = "clarifai-model"
BASE = "http://127.0.0.1:4000"
MASTER_KEY = "LITELLM_MASTER_KEY"
_RENAMED = "max_completion_tokens"

_CONFIG = f"""\
# Start: litellm --config config.yaml --host 127.0.0.1
model_list:
  - model_name: {MODEL_NAME}
    litellm_params:
      # With "openai/", the proxy would refuse tools and temperature for names like o4-mini.
      model: {{model}}
      api_key: os.environ/{KEY}
      api_base: {{base}}
      allowed_openai_params: [reasoning_effort]  # the only one that "custom_openai/" refuses
{{others}}litellm_settings:
  disable_hf_tokenizer_download: true  # a name with "llama-3" would wait for a tokenizer
{{hosts}}router_settings:
  disable_cooldowns: true  # else one refused request can block everybody for seconds
general_settings:
  master_key: os.environ/{MASTER_KEY}  # the proxy does not start without a key of its own
"""
_OTHERS = f"""\
  # Any other model by its URL, for the same reasons in the same way
  - model_name: {{name}}
    litellm_params:
      model: {{model}}
      api_key: os.environ/{KEY}
      api_base: {{base}}
      allowed_openai_params: [reasoning_effort]
"""
_HOSTS = """\
  provider_url_destination_allowed_hosts: [{host}]  # else URLs are refused as names
"""


def with_proxy(call: Call) -> Snippet:
    """Return the proxy's config; beside it are a curl command and a Python program that call it."""
    model, base = call.body["model"], yaml_text(call.base)
    others = hosts = ""
    address = urlsplit(model)
    if address.scheme in ("http", "https") and address.hostname:
        anything = f"{address.scheme}://{address.netloc}/*"
        prefixed = yaml_text(f"custom_openai/{anything}")
        others = _OTHERS.format(name=yaml_text(anything), model=prefixed, base=base)
        hosts = _HOSTS.format(host=yaml_text(address.hostname))
    prefixed = yaml_text(f"custom_openai/{model}")
    text = _CONFIG.format(model=prefixed, base=base, others=others, hosts=hosts)

    body = {**call.body, "model": MODEL_NAME}
    extra = {name: body.pop(name) for name in call.body if name == _RENAMED or name not in OPENAIS}
    through = Call(body, BASE, MASTER_KEY, extra)
    curl = with_curl(through, "ask_proxy.sh", "ask_proxy.json")
    python = with_openai(through, "ask_proxy.py")
    read = {**curl.files, **python.files}
    files = {
        "ask_proxy.sh": curl.text.encode(),
        "ask_proxy.py": python.text.encode(),
        **read,
    }
    notes = (
        'Install the proxy with `pip install "litellm[proxy]"`.',
        f"Put your token into the environment as `{KEY}`, and a key that you choose for the proxy"
        f' as `{MASTER_KEY}`: `export {MASTER_KEY}="sk-$(openssl rand -hex 16)"`.',
        "Start it with `litellm --config config.yaml --host 127.0.0.1`; it needs about half a"
        " minute.",
        "Then ask through it, with the same key in the environment: `sh ask_proxy.sh`, or"
        " `pip install openai` and `python ask_proxy.py`.",
        *about_files(read),
    )
    return Snippet("proxy", "LiteLLM Proxy", "yaml", "config.yaml", text, files, notes)
