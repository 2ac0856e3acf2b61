"""Keep what a tab remembers about the page that compares models."""

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.votes import Vote
from components.state.slots import Slot


class CompareSlots:
    """The conversations that are compared, one for each model, and the votes."""

    compared = Slot[list[Chat]](list)  # in the order of the columns
    to_compare = Slot[list[str]](list)  # addresses of the models for the next comparison
    address_compared = Slot(str)  # what the URL said that was applied last
    hides_names = Slot(bool)  # the next comparison is blind
    is_blind = Slot(bool)  # the names of the models are hidden until the vote
    voted = Slot[list[str]](list)  # ids of turns of the first column, one for each vote
    compare_system = Slot(str)  # the system prompt of the next comparison
    votes = Slot[list[Vote]](list)  # of this tab
    # Conversations with the access token in them, besides the open one: they are not saved.
    unsaved_chats = Slot[list[str]](list)
