"""Random numbers by counters: element i of a stream depends on its key and on i, never on the number of threads.

Enter a generator and a size; leaves an array. Entry points: :func:`~rmt.numerics.randomness.random_streams.fill`,
:func:`~rmt.numerics.randomness.draws.fill_normal_triangle`,
:func:`~rmt.numerics.randomness.draws.fill_truncated_normal`.
"""
