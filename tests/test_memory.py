"""How much memory this process may use: the operator's setting, or its container's limit."""

import pytest

from clarifai_chat import memory

GB = 2**30


@pytest.fixture
def groups(tmp_path):
    """`groups(line, {file: content})` is what the system says; returns the limits found."""

    def found(line, files):
        of_process = tmp_path / "cgroup"
        of_process.write_text(line)
        for name, content in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return sorted(memory._limits(of_process, tmp_path / "groups"))

    return found


@pytest.mark.parametrize(
    ("line", "files", "limits"),
    [
        ("0::/\n", {"memory.max": f"{GB}\n"}, [GB]),  # in a container, as Docker sets it up
        ("0::/\n", {"memory.max": "max\n"}, []),
        ("0::/\n", {}, []),
        # A service within a slice: the smallest counts.
        (
            "0::/app.slice/chat.service\n",
            {"app.slice/memory.max": f"{2 * GB}", "app.slice/chat.service/memory.max": f"{GB}"},
            [GB, 2 * GB],
        ),
        # Version 1: its own folder, and a number that means that there is no limit.
        ("4:memory:/docker/1\n0::/\n", {"memory/memory.limit_in_bytes": f"{GB}"}, [GB]),
        (
            "9:cpu:/\n4:hugetlb,memory:/a\n",
            {
                "memory/a/memory.limit_in_bytes": f"{GB}",
                "memory/memory.limit_in_bytes": "9223372036854771712",
            },
            [GB],
        ),
        # The path is the host's, and not to be found from inside.
        ("0::/../../host/path\n", {"memory.max": f"{GB}"}, [GB]),
        ("nonsense", {"memory.max": f"{GB}"}, []),
    ],
)
def test_the_limit_of_a_container_is_found(groups, line, files, limits):
    assert groups(line, files) == limits


def test_where_there_are_no_control_groups_there_is_no_limit(tmp_path):
    assert list(memory._limits(tmp_path / "missing", tmp_path)) == []


@pytest.mark.parametrize(
    ("setting", "container", "limit"),
    [(4096, 0, 4096), (4096, 1000, 900), (500, 1000, 500), (0, 1000, 0)],
)
def test_the_smaller_of_setting_and_container_counts(
    set_up, monkeypatch, setting, container, limit
):
    set_up(MAX_MEMORY_MB=setting)
    monkeypatch.setattr(memory, "container_mb", lambda: container)

    assert memory.limit_mb() == limit


def test_the_limit_of_this_machine_can_be_read():
    memory.container_mb.cache_clear()
    assert memory.container_mb() >= 0
