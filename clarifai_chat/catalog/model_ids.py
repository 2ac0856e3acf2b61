"""Write a model's id as Clarifai and LiteLLM take it."""

from clarifai_chat.catalog.models import Model


def model_ids(model: Model) -> dict[str, str]:
    """Return the forms of a model's id by where each is used; empty for the Demo.

    LiteLLM splits `clarifai/USER.APP.MODEL` at its dots and knows no versions there, so that form
    is left out for an id with a dot of its own and for an address of a version.
    """
    if model.is_demo:
        return {}
    ids = {"Bare": model.url, "With prefix, for LiteLLM": f"openai/{model.url}"}
    dotted = (model.owner, model.app, model.id)
    is_whole = model.url == "https://clarifai.com/{}/{}/models/{}".format(*dotted)
    if is_whole and not any("." in part for part in dotted):
        ids["Dotted, for LiteLLM's own Clarifai provider"] = f"clarifai/{'.'.join(dotted)}"
    return ids
