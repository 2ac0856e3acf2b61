"""Draw our own components; their browser's half is what `make bundle` builds.

It uses Streamlit's private API, as streamlit_patches.py does.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.layout_utils import LayoutConfig
from streamlit.proto.BidiComponent_pb2 import BidiComponent

from clarifai_chat.config import ROOT

BUILT = ROOT / "frontend" / "built"
PACKAGE = "clarifai_chat"
FILES = f"_stcore/bidi-components/{PACKAGE}."  # the beginning of their addresses


def draw_component(
    place: DeltaGenerator, id: str, *, script: str, data: Mapping[str, object]
) -> DeltaGenerator:
    """Draw a v2 component that only shows its data, and return its place, to draw it again.

    Streamlit's own way allows each key once in a run, and registers two widgets for each component.
    """
    component = BidiComponent(
        id=id,
        component_name="shown",
        isolate_styles=False,
        js_content=script,
        json=json.dumps(data, ensure_ascii=False, separators=(",", ":")),
    )
    return place._enqueue(
        "bidi_component", component, layout_config=LayoutConfig(width="stretch", height="content")
    )


def serve_files(name: str) -> str:
    """Let browsers load what is built for `name`; return its address from the page's own.

    Streamlit serves its static files as text, which does not run. It does so properly for
    components of installed packages: this is one. The address changes with the files.
    """
    manager = get_bidi_component_manager()
    version = f"{name}-{_digest(BUILT / name)}"
    if manager.get_component_asset_root(f"{PACKAGE}.{version}") is None:
        files = ComponentConfig(version, asset_dir=name)
        manager.register_from_manifest(ComponentManifest(PACKAGE, "1", [files]), BUILT)
    return f"{FILES}{version}"


def script_of(name: str) -> str:
    """Return a component's script that loads its module from the files built for its name.

    It is short, because it is sent with each change, and imports once: even what is there already
    takes an import some of the browser's rounds. The line break says that it is code, not a file's
    name.
    """
    load = f'import(new URL("{serve_files(name)}/{name}.js",document.baseURI))'
    return f"let m;\nexport default async c=>(m??=(await {load}).default)(c)"


@cache
def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(f"{file.relative_to(folder).as_posix()}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:8]


@cache
def mermaid_address() -> str:
    """Return where Streamlit's own Mermaid is, from the page's address; "" if it has none."""
    found = next((Path(st.__file__).parent / "static/static/js").glob("mermaid.core.*.js"), None)
    return f"static/js/{found.name}" if found else ""
