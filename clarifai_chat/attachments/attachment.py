"""Describe a file that goes with a question, or a picture that a model made."""

from clarifai_chat.messages import Attachment

__all__ = ["Attachment"]
