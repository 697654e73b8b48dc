"""Images of a law under maps of the line: shifts and dilations, squares and square roots.

Enters a law; leaves a law, in closed form where there is one. Entry points: :class:`~rmt.laws.maps.affine.Affine`,
:func:`~rmt.laws.maps.pushforward.squared`, :func:`~rmt.laws.maps.pushforward.square_root`.
"""
