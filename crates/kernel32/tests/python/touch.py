"""Opens the volume for writing, and ends."""
from win32 import attributes

assert attributes("C:\\file") < 0
