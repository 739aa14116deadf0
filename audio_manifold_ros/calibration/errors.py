"""The exception of the calibration package."""


class CalibrationError(Exception):
    """A rig file that cannot be used; the message names file, key and value, and says what to do."""
