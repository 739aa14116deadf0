"""The exception of the features package."""


class FeatureError(Exception):
    """A feature specification or a window that cannot be used; the message says what to do."""
