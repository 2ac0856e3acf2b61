"""Start the app: what has to be in place before the first page is drawn."""

from clarifai_chat import garbage
from components import repairs


def bootstrap() -> None:
    """Repair Streamlit and let a thread collect garbage. Safe to repeat.

    Called by `server.py` when it starts, and by each page, which may run without it.
    """
    repairs.apply()
    garbage.collect_between_bytecodes()
