"""The exception of the simulation package."""


class SimulationError(Exception):
    """A street that cannot be built, heard or drawn; the message says what to do."""
