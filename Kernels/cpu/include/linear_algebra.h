#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum : uint8_t {
  matrix_cholesky,
  matrix_qr,
  matrix_svd,
  matrix_eigen,
  matrix_solve,
  matrix_triangular,
  matrix_inverse,
  matrix_determinant,
  matrix_log_determinant,
} matrix_kind;

// What is done with each of `batch` matrices of rows × columns, row-major. `right` counts the
// columns of what a system is solved for; the rest says how a triangular matrix is to be read.
typedef struct {
  matrix_kind kind;
  bool is_double, is_upper, is_transposed, is_unit;
  int64_t batch, rows, columns, right;
} matrix_problem;

// The first matrix that has no result, and why, or -1.
typedef struct {
  int64_t matrix;
  // LAPACK's: where a factor has a zero, or how much did not converge; `matrix_not_finite`.
  int32_t info;
} matrix_failure;

enum { matrix_not_finite = -1000 };

// By LAPACK, each matrix by one thread. Inputs: the matrix, the right side of a system. Results: as
// many as the kind has, of three: cholesky L; qr Q, R; svd U, the values, Vᵀ; eigen the values, the
// vectors as columns; solve and triangular the solution; inverse; determinant; log_determinant its
// sign and the logarithm of its size.
matrix_failure matrix_run(
    const matrix_problem *problem, const void *const *inputs, void *const *results);
