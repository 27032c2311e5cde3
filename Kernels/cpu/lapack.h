#pragma once
#include <stddef.h>
#include <stdint.h>

// The Fortran symbols of LAPACK that OpenBLAS carries. Matrices are column-major. Fortran appends
// the length of each text argument.

#define LAPACK_FUNCTIONS(p, T) \
  void p##potrf_(const char *uplo, const int *n, T *a, const int *lda, int *info, size_t); \
  void p##geqrf_( \
      const int *m, const int *n, T *a, const int *lda, T *tau, T *work, const int *lwork, \
      int *info); \
  void p##orgqr_( \
      const int *m, const int *n, const int *k, T *a, const int *lda, const T *tau, T *work, \
      const int *lwork, int *info); \
  void p##gesdd_( \
      const char *jobz, const int *m, const int *n, T *a, const int *lda, T *s, T *u, \
      const int *ldu, T *vt, const int *ldvt, T *work, const int *lwork, int *iwork, int *info, \
      size_t); \
  void p##syevd_( \
      const char *jobz, const char *uplo, const int *n, T *a, const int *lda, T *w, T *work, \
      const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t); \
  void p##getrf_(const int *m, const int *n, T *a, const int *lda, int *ipiv, int *info); \
  void p##getrs_( \
      const char *trans, const int *n, const int *nrhs, const T *a, const int *lda, \
      const int *ipiv, T *b, const int *ldb, int *info, size_t); \
  void p##getri_( \
      const int *n, T *a, const int *lda, const int *ipiv, T *work, const int *lwork, int *info); \
  void p##trtrs_( \
      const char *uplo, const char *trans, const char *diag, const int *n, const int *nrhs, \
      const T *a, const int *lda, T *b, const int *ldb, int *info, size_t, size_t, size_t);

LAPACK_FUNCTIONS(s, float)
LAPACK_FUNCTIONS(d, double)
