"""Laws given by a transform: G, R or S as a function.

A function enters, a law leaves: :func:`~rmt.laws.given.from_transforms.stieltjes_law`,
:func:`~rmt.laws.given.from_transforms.r_transform_law`, :func:`~rmt.laws.given.from_transforms.s_transform_law`.
G is followed along rays from infinity to the real line (``rays``); edges and atoms come from the real branches of the
inverse function and a search on the line (``ends``, ``green``); a function that is no transform of a law is refused
with the reason (``refusals``).
"""
