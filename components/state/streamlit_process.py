"""Set up Streamlit for the whole process: its log, secrets, and what is counted of it."""

import logging
from typing import Any

from streamlit import config
from streamlit import logger as streamlit_logger
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.session_manager import SessionClientDisconnectedError

from clarifai_chat import metrics

SIGN_IN = "streamlit.web.server.starlette.starlette_auth_routes"


def log_through_root() -> None:
    """Let the root logger write Streamlit's lines, those of loggers made later too."""
    streamlit_logger.setup_formatter = _through_root
    streamlit_logger.update_formatter()
    logging.getLogger(SIGN_IN).addFilter(in_one_line)


def in_one_line(record: logging.LogRecord) -> bool:
    """Log the kind of an error in place of its traceback, which is long and may hold a code."""
    if record.exc_info and record.exc_info[0]:
        record.msg = f"{record.getMessage()} ({record.exc_info[0].__name__})"
        record.args, record.exc_info, record.exc_text = None, None, None
    return True


def _through_root(logger: Any) -> None:
    if own := getattr(logger, "streamlit_console_handler", None):
        logging.getLogger(logger.name).removeHandler(own)
    logger.propagate = True


def sessions() -> int:
    """Return how many pages are connected."""
    if not Runtime.exists():
        return 0
    return Runtime.instance()._session_mgr.num_active_sessions()


def count_overflows() -> None:
    """Count connections that Streamlit closes because the browser is too slow. Safe to repeat."""
    from streamlit.web.server.starlette.starlette_websocket import StarletteSessionClient

    write = StarletteSessionClient.write_forward_msg
    if getattr(write, "counts", False):
        return

    def write_and_count(self: Any, message: Any) -> None:
        was_open = not self._closed.is_set()
        try:
            write(self, message)
        except SessionClientDisconnectedError:
            if was_open:  # so the queue was full
                metrics.overflows.inc()
            raise

    write_and_count.counts = True  # type: ignore[attr-defined]
    StarletteSessionClient.write_forward_msg = write_and_count  # type: ignore[assignment, method-assign]


def read_no_secrets() -> None:
    """Never open secrets.toml: Streamlit would answer nothing if it cannot be read."""
    config.set_option("secrets.files", [])
