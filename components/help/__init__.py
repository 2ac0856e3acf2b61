"""Draw what LiteLLM's page on Clarifai says about models, tokens, cost and limits."""
