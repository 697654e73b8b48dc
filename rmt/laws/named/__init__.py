"""Laws with a name: densities, transforms and moments in closed form, one family a file.

Enter parameters; leaves a law. Entry points: :class:`~rmt.laws.named.semicircle.Semicircle`,
:class:`~rmt.laws.named.marchenko_pastur.MarchenkoPastur`, :class:`~rmt.laws.named.free_meixner.FreeMeixner`.
"""
