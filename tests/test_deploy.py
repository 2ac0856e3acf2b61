"""The files that install the app elsewhere: each is held against the app, and run if it can be."""

import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from fnmatch import fnmatch
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import yaml
from starlette.routing import Route
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.processes import Process, free_port
from clarifai_chat.config import ROOT, SETTING_NAMES, load_settings
from clarifai_chat.serving import health
from tests.patience import PATIENCE_S, until
from tests.proxies import program
from tests.test_server import connected

KUBERNETES = ROOT / "deploy" / "kubernetes"
UNIT = ROOT / "deploy" / "systemd" / "clarifai-chat.service"
FOREIGN = {"HOME", "PATH", "PYTHONDONTWRITEBYTECODE"}


# --- The image ----------------------------------------------------------------------------------


@cache
def instructions():
    """(word, rest) of each instruction of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(None, 1)) for line in lines]


def last_stage(word):
    begun = max(n for n, (each, _) in enumerate(instructions()) if each == "FROM")
    return [rest for each, rest in instructions()[begun:] if each == word]


def variables():
    pairs = [pair for rest in last_stage("ENV") for pair in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def copied():
    """The files and folders that the image gets from here, with where they go."""
    for rest in last_stage("COPY"):
        *sources, target = rest.split()
        if not sources[0].startswith("--from"):
            for source in sources:
                name = source.rpartition("/")[2]
                yield source, f"{target}{name}" if target.endswith("/") else target


@pytest.fixture(scope="module")
def container(tmp_path_factory):
    """The app from the files of the image alone."""
    folder = tmp_path_factory.mktemp("image")
    for source, target in copied():
        place = folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        whole = (ROOT / source).is_dir()
        shutil.copytree(ROOT / source, place) if whole else shutil.copy(ROOT / source, place)
    ours = {name: value for name, value in variables().items() if name != "PATH"}
    ours |= {"DATABASE_URL": f"sqlite:///{folder}/history.db", "HOST": "127.0.0.1"}
    with Process(["server.py"], "/healthz", cwd=folder, environ={**ours, "PYTHONPATH": ""}) as app:
        yield app


def test_the_image_has_all_that_the_front_page_needs(container):
    with connected(container) as socket:
        ask = BackMsg()
        ask.rerun_script.query_string = ""
        socket.send(ask.SerializeToString())
        kinds = set()
        message = ForwardMsg()
        while message.WhichOneof("type") != "script_finished":
            message.ParseFromString(socket.recv(timeout=PATIENCE_S))
            if message.WhichOneof("type") == "delta":
                kinds.add(message.delta.new_element.WhichOneof("type"))

    assert "chat_input" in kinds
    assert "exception" not in kinds
    assert "Traceback" not in container.log()


def test_the_health_check_of_the_image_works_and_fails(container):
    _, command = last_stage("HEALTHCHECK")[0].split("CMD ")
    _, *arguments = json.loads(command)

    def result(port):
        environ = {"PORT": str(port), "PATH": ""}
        check = [sys.executable, *arguments]
        return subprocess.run(check, env=environ, capture_output=True, check=False).returncode

    assert result(container.port) == 0
    assert result(9) != 0


def test_the_image_is_built_from_the_lock_and_runs_without_root():
    (install,) = [rest for word, rest in instructions() if word == "RUN" and "pip" in rest][:1]

    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last_stage("USER")[0])
    assert json.loads(last_stage("ENTRYPOINT")[0]) == ["python", "server.py"]
    assert {*variables()} <= {*SETTING_NAMES} | FOREIGN
    used = load_settings({**variables(), "METRICS_TOKEN": ""})
    assert (used.host, used.database_url) == ("0.0.0.0", "sqlite:////data/history.db")  # noqa: S104


def test_what_is_copied_is_there_and_nothing_else_is_sent_to_the_builder():
    kept = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    ]
    sources = {source for source, _ in copied()} | {"requirements.txt"}

    assert all((ROOT / each).exists() for each in sources)
    assert {each for each in sources if not any(fnmatch(each, one) for one in kept)} == set()
    assert set(kept) == sources, "No .env, no secrets.toml, no database."


# --- Compose ------------------------------------------------------------------------------------


def test_compose_names_settings_secrets_and_volumes_that_there_are():
    found = yaml.safe_load((ROOT / "compose.yaml").read_text())
    app = found["services"]["app"]
    volumes = [v.split(":")[0] for s in found["services"].values() for v in s.get("volumes", ())]
    (network,) = found["networks"]["inside"]["ipam"]["config"]

    count = app["deploy"]["replicas"]
    names = [f"{found['name']}-app-{number}:8501" for number in range(1, count + 1)]
    assert found["services"]["proxy"]["environment"]["PROCESSES"].split() == names
    assert {*app["environment"]} <= {*SETTING_NAMES}
    assert app["environment"]["TRUSTED_PROXIES"] == network["subnet"]
    assert {v for v in volumes if not v.startswith("./")} == {*found["volumes"]}
    assert all((ROOT / v).exists() for v in volumes if v.startswith("./"))
    for service in found["services"].values():
        assert {*service.get("depends_on", ())} <= {*found["services"]}
        assert {*service["networks"]} == {*found["networks"]}
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name + str(value) or "${PASSWORD:?" in value, name


@pytest.mark.slow
@pytest.mark.parametrize("site", [":80", "chat.example.com"])
def test_caddy_reads_what_compose_gives_it(site, tmp_path):
    file = ROOT / "deploy" / "compose" / "Caddyfile"
    command = [program("caddy"), "validate", "--adapter", "caddyfile", "--config", file]
    environ = {"SITE": site, "HOME": str(tmp_path), "PROCESSES": "one:8501 two:8501"}

    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


class Named(BaseHTTPRequestHandler):
    """Stands for a process of the app: says which it is, and with `stops` that it is to stop."""

    def do_GET(self):
        name = self.server.server_address[0].encode()
        is_ready = self.path != "/readyz" or not getattr(self.server, "stops", False)
        self.send_response(200 if is_ready else 503)
        self.send_header("Content-Length", str(len(name)))
        self.end_headers()
        self.wfile.write(name)

    def log_message(self, *_):
        pass


@pytest.fixture
def two_processes():
    """Two servers that the name `app` leads to, at one port, by their addresses."""
    first = ThreadingHTTPServer(("127.0.0.2", 0), Named)
    second = ThreadingHTTPServer(("127.0.0.3", first.server_port), Named)
    servers = {server.server_address[0]: server for server in (first, second)}
    for server in servers.values():
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield servers
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_a_browser_comes_back_to_its_process_until_that_stops_or_is_gone(two_processes, tmp_path):
    caddy, port = program("caddy"), free_port()
    text = (ROOT / "deploy" / "compose" / "Caddyfile").read_text()
    (tmp_path / "Caddyfile").write_text("{\nadmin off\n}\n" + text)
    addresses = [f"{name}:{each.server_port}" for name, each in two_processes.items()]
    environ = {"SITE": f":{port}", "PROCESSES": " ".join(addresses), "HOME": str(tmp_path)}
    command = [caddy, "run", "--adapter", "caddyfile", "--config", "Caddyfile"]
    with (tmp_path / "log").open("wb") as log:
        proxy = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=log, stderr=log)
    try:
        until(lambda: is_open(port) or proxy.poll() is not None)
        url = f"http://127.0.0.1:{port}/"
        assert {httpx.get(url, timeout=PATIENCE_S).text for _ in range(60)} == {*two_processes}

        with httpx.Client(timeout=PATIENCE_S) as browser:
            mine = browser.get(url).text
            assert {browser.get(url).text for _ in range(20)} == {mine}

            (other,) = {*two_processes} - {mine}
            two_processes[mine].stops = True  # it still answers
            until(lambda: browser.get(url).text == other)

            two_processes[mine].stops = False
            two_processes[other].shutdown()
            two_processes[other].server_close()
            until(lambda: browser.get(url).text == mine)
    finally:
        proxy.terminate()
        proxy.wait(20)


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# --- Kubernetes ---------------------------------------------------------------------------------


def manifest(name):
    return yaml.safe_load((KUBERNETES / f"{name}.yaml").read_text())


def pod():
    return manifest("deployment")["spec"]["template"]["spec"]


def test_the_kustomization_lists_each_manifest_and_knows_the_settings():
    kustomization = manifest("kustomization")
    (labels,) = kustomization["labels"]
    (made,) = kustomization["configMapGenerator"]

    files = {file.name for file in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert {*kustomization["resources"]} == files
    assert {each.split("=")[0] for each in made["literals"]} <= {*SETTING_NAMES}
    load_settings(dict(each.split("=", 1) for each in made["literals"]))
    for name, field in (("disruption", "selector"), ("network", "podSelector")):
        assert manifest(name)["spec"][field]["matchLabels"] == labels["pairs"]
    (container,) = pod()["containers"]
    assert container["image"] == kustomization["images"][0]["name"]


def test_probes_ask_paths_that_the_app_has_and_have_the_time_it_needs():
    (container,) = pod()["containers"]
    paths = {route.path for route in health.routes(lambda: "ready") if isinstance(route, Route)}
    probes = {name: each for name, each in container.items() if name.endswith("Probe")}

    assert {each["httpGet"]["path"] for each in probes.values()} == paths
    assert probes["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert probes["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert probes["readinessProbe"]["timeoutSeconds"] > health.DATABASE_S
    assert container["ports"][0]["containerPort"] == load_settings({}).port


def test_no_manifest_holds_a_secret_and_the_pod_may_do_little():
    (container,) = pod()["containers"]
    text = "".join(file.read_text() for file in KUBERNETES.glob("*.yaml"))

    assert "kind: Secret" not in text
    assert not re.search(r"(PAT|KEY|TOKEN|PASSWORD|DATABASE_URL)[=:]", text)
    assert {"secretRef": {"name": "clarifai-chat"}} in container["envFrom"]
    rights = container["securityContext"]
    assert rights["readOnlyRootFilesystem"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert pod()["securityContext"]["runAsNonRoot"]
    user = last_stage("USER")[0].split(":")[0]
    assert str(pod()["securityContext"]["runAsUser"]) == user
    assert {each["mountPath"] for each in container["volumeMounts"]} == {"/tmp"}  # noqa: S108


# --- systemd ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_systemd_accepts_the_service(tmp_path):
    program = shutil.which("systemd-analyze")
    if not program:
        pytest.skip("There is no systemd on this machine (Debian: apt-get install systemd).")
    text = UNIT.read_text().replace("/opt/clarifai-chat/.venv/bin/python", sys.executable)
    (tmp_path / UNIT.name).write_text(text)

    command = [program, "verify", tmp_path / UNIT.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr


def test_the_service_sets_what_there_is():
    names = re.findall(r"^Environment=(\w+)=", UNIT.read_text(), re.M)

    assert {*names} <= {*SETTING_NAMES} | FOREIGN
    assert "ExecStart=/opt/clarifai-chat/.venv/bin/python server.py" in UNIT.read_text()
