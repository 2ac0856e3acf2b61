"""Set up Streamlit for the whole process: its log, and whether it reads secrets.toml."""

import logging
from typing import Any

from streamlit import config
from streamlit import logger as streamlit_logger

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


def read_no_secrets() -> None:
    """Never open secrets.toml: Streamlit would answer nothing if it cannot be read."""
    config.set_option("secrets.files", [])
