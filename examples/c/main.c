/* Calls the layer of layer.mlir from C. README.md says how to build it. */

#include "layer.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 5, DIM = 32, EXPERTS = 8, WIDTH = 64 };

/* Numbers between -0.5 and 0.5 that look random, the same on every machine. */
static float *make(int count) {
  static uint32_t state = 1;
  float *data = malloc(count * sizeof(float));
  for (int i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    data[i] = (float)(state >> 8) / (1 << 24) - 0.5f;
  }
  return data;
}

/* The layer in plain loops, for one row. */
static void reference(const float *x, const float *gate, const float *up,
                      const float *down, double *y) {
  double logits[EXPERTS] = {0};
  for (int e = 0; e < EXPERTS; ++e)
    for (int i = 0; i < DIM; ++i)
      logits[e] += (double)x[i] * gate[i * EXPERTS + e];
  int first = 0, second = -1;
  for (int e = 1; e < EXPERTS; ++e)
    if (logits[e] > logits[first])
      first = e;
  for (int e = 0; e < EXPERTS; ++e)
    if (e != first && (second < 0 || logits[e] > logits[second]))
      second = e;
  double odds = exp(logits[second] - logits[first]);
  for (int chosen = 0; chosen < 2; ++chosen) {
    int e = chosen ? second : first;
    double weight = (chosen ? odds : 1) / (1 + odds);
    for (int j = 0; j < WIDTH; ++j) {
      double h = 0;
      for (int i = 0; i < DIM; ++i)
        h += (double)x[i] * up[(e * DIM + i) * WIDTH + j];
      for (int i = 0; h > 0 && i < DIM; ++i)
        y[i] += weight * h * down[(e * WIDTH + j) * DIM + i];
    }
  }
}

int main(void) {
  float *x = make(ROWS * DIM), *gate = make(DIM * EXPERTS);
  float *up = make(EXPERTS * DIM * WIDTH), *down = make(EXPERTS * WIDTH * DIM);
  condcomp_memref_2 x_ref = {x, x, 0, {ROWS, DIM}, {DIM, 1}};
  condcomp_memref_2 gate_ref = {gate, gate, 0, {DIM, EXPERTS}, {EXPERTS, 1}};
  condcomp_memref_3 up_ref = {
      up, up, 0, {EXPERTS, DIM, WIDTH}, {DIM * WIDTH, WIDTH, 1}};
  condcomp_memref_3 down_ref = {
      down, down, 0, {EXPERTS, WIDTH, DIM}, {WIDTH * DIM, DIM, 1}};
  condcomp_memref_2 y;
  condcomp_memref_1 sizes;

  condcomp_context *context = condcomp_context_create();
  if (layer(context, &x_ref, &gate_ref, &up_ref, &down_ref, &y, &sizes) !=
      CONDCOMP_SUCCESS) {
    fprintf(stderr, "%s\n", condcomp_context_error(context));
    return 1;
  }

  printf("rows per expert:");
  for (int e = 0; e < EXPERTS; ++e)
    printf(" %lld", (long long)((int64_t *)sizes.aligned)[e]);
  double error = 0, size = 0;
  for (int r = 0; r < ROWS; ++r) {
    double expected[DIM] = {0};
    reference(x + r * DIM, gate, up, down, expected);
    for (int i = 0; i < DIM; ++i) {
      double difference = ((float *)y.aligned)[r * DIM + i] - expected[i];
      error += difference * difference;
      size += expected[i] * expected[i];
    }
  }
  printf("\nrelative error below 1e-6: %s\n",
         sqrt(error / size) < 1e-6 ? "yes" : "no");

  condcomp_free(y.allocated);
  condcomp_free(sizes.allocated);
  condcomp_context_destroy(context);
  free(x), free(gate), free(up), free(down);
  return 0;
}
