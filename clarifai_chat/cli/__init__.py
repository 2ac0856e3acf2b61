"""Use the app from a terminal or a script: `python -m clarifai_chat`.

`commands` declares the commands and imports little, so that `--help` comes at once. What a command
does is in a module of its own, which is imported when the command runs.
"""
