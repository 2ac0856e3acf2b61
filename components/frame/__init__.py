"""Draw what surrounds every page: links, model picker, token box."""
