"""Show a request as code."""
