"""Pictures of laws and spectra: each function draws on the Axes it is given and returns it.

Enter laws, spectra and reports; leave Axes of Matplotlib, which is imported here and nowhere else. Entry points:
:func:`compare`, :func:`law`, :func:`isometry`.
"""

from rmt._names import room
from rmt.plotting.canvas import figure as figure
from rmt.plotting.canvas import legend as legend
from rmt.plotting.canvas import save as save
from rmt.plotting.canvas import style as style
from rmt.plotting.cobweb import cobweb as cobweb
from rmt.plotting.curve import law as law
from rmt.plotting.isometry import isometry as isometry
from rmt.plotting.isometry import isometry_figure as isometry_figure
from rmt.plotting.model_blocks import model_blocks as model_blocks
from rmt.plotting.partition_pictures import noncrossing_lattice as noncrossing_lattice
from rmt.plotting.partition_pictures import partition as partition
from rmt.plotting.phase import mark_initialisers as mark_initialisers
from rmt.plotting.phase import phase_diagram as phase_diagram
from rmt.plotting.plane import domain_coloring as domain_coloring
from rmt.plotting.program_graph import program as program
from rmt.plotting.spectrum import compare as compare
from rmt.plotting.spectrum import esd as esd
from rmt.plotting.subordination import subordination as subordination
from rmt.plotting.transforms import r_transform as r_transform
from rmt.plotting.transforms import s_transform as s_transform

__all__, __dir__ = room(__spec__)
