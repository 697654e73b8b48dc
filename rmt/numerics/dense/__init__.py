"""Dense matrices: Haar matrices, long products without loss of small singular values, BLAS on one thread.

Enter sizes, factors and a source of randomness; leave matrices and singular values. Entry points:
:func:`~rmt.numerics.dense.householder.haar_matrix`, :class:`~rmt.numerics.dense.graded_product.QRChain`,
:func:`~rmt.numerics.dense.blas.one_blas_thread`.
"""
