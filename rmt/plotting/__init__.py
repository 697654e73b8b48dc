"""Pictures of laws and spectra: each function draws on the Axes it is given and returns it."""

from rmt.plotting.canvas import figure as figure
from rmt.plotting.canvas import save as save
from rmt.plotting.canvas import style as style
from rmt.plotting.curve import law as law
from rmt.plotting.spectrum import compare as compare
from rmt.plotting.spectrum import esd as esd

__all__ = ["compare", "esd", "figure", "law", "save", "style"]
