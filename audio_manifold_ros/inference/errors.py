"""The exception of the inference package."""


class InferenceError(Exception):
    """A bundle or backend that cannot be used; the message says what to do."""
