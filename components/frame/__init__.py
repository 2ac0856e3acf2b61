"""Draw what surrounds every page: conversations, links, model picker, access."""
