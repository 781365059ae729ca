// Calls the functions of abi.mlir as docs/abi.md says.

#include "condcomp/Runtime/Runtime.h"
#include <stdbool.h>
#include <stdio.h>

typedef struct {
  float *allocated, *aligned;
  int64_t offset, sizes[2], strides[2];
} memref_2d;

int32_t scale(condcomp_context *, const memref_2d *, float, memref_2d *);
int32_t scalars(condcomp_context *, bool, int8_t, int16_t, int32_t, int64_t,
                _Float16, __bf16, float, double, uint8_t *, int8_t *, int16_t *,
                int32_t *, int64_t *, _Float16 *, __bf16 *, float *, double *);
int32_t checked(condcomp_context *, int64_t, int64_t *);

int main(void) {
  condcomp_context *context = condcomp_context_create();
  float data[] = {1, 2, 3, 4, 5, 6};
  memref_2d x = {data, data, 0, {2, 3}, {3, 1}}, y;
  int32_t status = scale(context, &x, 0.5f, &y);
  printf("scale %d: %lldx%lld", status, (long long)y.sizes[0],
         (long long)y.sizes[1]);
  for (int i = 0; i < 6; ++i)
    printf(" %g", y.aligned[y.offset + i]);
  printf("\naligned %d, live %lld\n", (int)((uintptr_t)y.aligned % 64),
         (long long)(condcomp_memory_live_bytes() > 0));
  condcomp_free(y.allocated);

  uint8_t b;
  int8_t i8;
  int16_t i16;
  int32_t i32;
  int64_t i64;
  _Float16 f16;
  __bf16 bf16;
  float f32;
  double f64;
  status = scalars(context, true, -8, -16, -32, -64, (_Float16)1.5, (__bf16)2.5f,
                   3.5f, 4.5, &b, &i8, &i16, &i32, &i64, &f16, &bf16, &f32,
                   &f64);
  printf("scalars %d: %d %d %d %d %lld %g %g %g %g\n", status, b, i8, i16, i32,
         (long long)i64, (double)f16, (double)(float)bf16, f32, f64);

  int64_t result = -1;
  status = checked(context, 3, &result);
  printf("checked %d: %lld '%s'\n", status, (long long)result,
         condcomp_context_error(context));
  status = checked(context, 2, &result);
  printf("checked %d: %lld '%s'\n", status, (long long)result,
         condcomp_context_error(context));
  condcomp_context_destroy(context);
  printf("live %lld\n", (long long)condcomp_memory_live_bytes());
  return 0;
}
