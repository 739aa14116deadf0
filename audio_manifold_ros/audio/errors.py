"""The exception of the audio package."""


class AudioError(Exception):
    """Audio that cannot be captured, read or conditioned; the message says what to do."""
