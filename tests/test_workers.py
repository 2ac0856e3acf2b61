"""`make run WORKERS=2`: what HAProxy and supervisord are told, and refusals."""

import configparser
import subprocess

import pytest

import workers
from tests import proxies


def test_the_proxy_sends_visitors_to_every_process(tmp_path):
    text = workers.proxy_config("0.0.0.0", 8600, [9001, 9002, 9003])  # noqa: S104 - not listened on

    assert "bind 0.0.0.0:8600\n" in text
    assert [line.split()[1:3] for line in text.splitlines() if line.startswith("    server ")] == [
        ["app1", "127.0.0.1:9001"],
        ["app2", "127.0.0.1:9002"],
        ["app3", "127.0.0.1:9003"],
    ]
    (tmp_path / "haproxy.cfg").write_text(text)
    command = [proxies.program("haproxy"), "-c", "-f", str(tmp_path / "haproxy.cfg")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_the_supervisor_starts_the_proxy_first_and_lets_replies_end(tmp_path, set_up):
    set_up(DRAIN_S=60)
    told = configparser.ConfigParser(interpolation=None)

    told.read_string(workers.supervisor_config(tmp_path, "/usr/sbin/haproxy", [9001, 9002]))

    assert told.sections() == ["supervisord", "program:proxy", "program:app1", "program:app2"]
    app, proxy = told["program:app2"], told["program:proxy"]
    assert 'PORT="9002"' in app["environment"]
    assert 'HOST="127.0.0.1"' in app["environment"]
    assert int(app["stopwaitsecs"]) > 60
    assert int(proxy["priority"]) < int(app["priority"])  # ends last
    assert app["autorestart"] == proxy["autorestart"] == "true"


@pytest.mark.parametrize("count", ["0", "65", "two", "-1"])
def test_a_number_of_processes_that_makes_no_sense_is_refused(count, capsys):
    assert workers.main(["supervisord", count]) == 2

    assert f"WORKERS={count} is not a number" in capsys.readouterr().err


def test_without_haproxy_nothing_starts(monkeypatch, capsys):
    monkeypatch.setattr(workers.shutil, "which", lambda name, path=None: None)

    assert workers.main(["supervisord", "2"]) == 2

    assert "HAProxy is not installed" in capsys.readouterr().err
