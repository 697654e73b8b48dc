"""Non-crossing partitions, and the moments and cumulants they connect, in exact arithmetic.

A partition of {1, ..., n} is a tuple of blocks, each an increasing tuple of integers, in the order of their
smallest elements: ``((1, 3), (2,), (4,))``. Moment sequences leave out m_0 = 1: they are m_1, ..., m_k. Start with
:func:`noncrossing_partitions`, :func:`free_cumulants_from_moments` and :func:`boxtimes_moments`.
"""

from rmt._names import room
from rmt.combinatorics.counts import catalan as catalan
from rmt.combinatorics.counts import fuss_catalan as fuss_catalan
from rmt.combinatorics.counts import harer_zagier as harer_zagier
from rmt.combinatorics.counts import kreweras_number as kreweras_number
from rmt.combinatorics.counts import narayana as narayana
from rmt.combinatorics.cumulants import boolean_cumulants_from_moments as boolean_cumulants_from_moments
from rmt.combinatorics.cumulants import boxplus_moments as boxplus_moments
from rmt.combinatorics.cumulants import boxtimes_moments as boxtimes_moments
from rmt.combinatorics.cumulants import classical_cumulants_from_moments as classical_cumulants_from_moments
from rmt.combinatorics.cumulants import compression_moments as compression_moments
from rmt.combinatorics.cumulants import free_cumulants_from_moments as free_cumulants_from_moments
from rmt.combinatorics.cumulants import moments_from_boolean_cumulants as moments_from_boolean_cumulants
from rmt.combinatorics.cumulants import moments_from_classical_cumulants as moments_from_classical_cumulants
from rmt.combinatorics.cumulants import moments_from_free_cumulants as moments_from_free_cumulants
from rmt.combinatorics.cumulants import moments_from_rectangular_cumulants as moments_from_rectangular_cumulants
from rmt.combinatorics.cumulants import moments_from_s_transform as moments_from_s_transform
from rmt.combinatorics.cumulants import multiplicative_extension as multiplicative_extension
from rmt.combinatorics.cumulants import rectangular_cumulants_from_moments as rectangular_cumulants_from_moments
from rmt.combinatorics.cumulants import s_transform_from_moments as s_transform_from_moments
from rmt.combinatorics.partitions import Block as Block
from rmt.combinatorics.partitions import Partition as Partition
from rmt.combinatorics.partitions import as_partition as as_partition
from rmt.combinatorics.partitions import covers as covers
from rmt.combinatorics.partitions import genus as genus
from rmt.combinatorics.partitions import hasse_diagram as hasse_diagram
from rmt.combinatorics.partitions import interval_partitions as interval_partitions
from rmt.combinatorics.partitions import is_noncrossing as is_noncrossing
from rmt.combinatorics.partitions import join as join
from rmt.combinatorics.partitions import kreweras_complement as kreweras_complement
from rmt.combinatorics.partitions import meet as meet
from rmt.combinatorics.partitions import moebius as moebius
from rmt.combinatorics.partitions import noncrossing_pairings as noncrossing_pairings
from rmt.combinatorics.partitions import noncrossing_partitions as noncrossing_partitions
from rmt.combinatorics.partitions import pairings as pairings
from rmt.combinatorics.partitions import refines as refines
from rmt.combinatorics.partitions import set_partitions as set_partitions

__all__, __dir__ = room(__spec__)
