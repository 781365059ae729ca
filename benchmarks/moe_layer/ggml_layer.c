//===- ggml_layer.c - the layer as a graph of llama.cpp's ggml ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ops that llama.cpp uses for its mixture-of-experts layers, in the same
// order. Activations are f32 whatever the type of the weights.
//
//===----------------------------------------------------------------------===//

#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "ggml.h"
#include <stdlib.h>

typedef struct {
  int64_t d, width, experts, k;
  int relu, clamped, normalize, threads;
  float alpha, limit;
  struct ggml_context *context;
  struct ggml_tensor *first, *down, *first_bias, *down_bias;
  ggml_gallocr_t allocator;
} Layer;

typedef struct {
  struct ggml_context *context;
  struct ggml_cgraph *graph;
  struct ggml_cplan plan;
  struct ggml_tensor *result;
} Graph;

static struct ggml_context *new_context(void) {
  struct ggml_init_params params = {ggml_tensor_overhead() * 512 +
                                        ggml_graph_overhead_custom(512, false),
                                    NULL, true};
  return ggml_init(params);
}

static struct ggml_tensor *wrap(struct ggml_context *context,
                                enum ggml_type type, int64_t columns,
                                int64_t rows, int64_t slices, void *data) {
  if (!data)
    return NULL;
  struct ggml_tensor *tensor =
      ggml_new_tensor_3d(context, type, columns, rows, slices);
  tensor->data = data;
  return tensor;
}

/// first: [experts, 2 * width or width, d]; down: [experts, d, width]; biases
/// are f32 or null.
Layer *layer_new(int64_t d, int64_t width, int64_t experts, int64_t k, int bf16,
                 int relu, int clamped, int normalize, float alpha, float limit,
                 int threads, void *first, void *down, void *first_bias,
                 void *down_bias) {
  Layer *layer = (Layer *)calloc(1, sizeof(Layer));
  *layer = (Layer){d,       width,     experts, k,     relu,
                   clamped, normalize, threads, alpha, limit};
  ggml_cpu_init();
  layer->context = new_context();
  enum ggml_type type = bf16 ? GGML_TYPE_BF16 : GGML_TYPE_F32;
  int64_t rows = relu ? width : 2 * width;
  layer->first = wrap(layer->context, type, d, rows, experts, first);
  layer->down = wrap(layer->context, type, width, d, experts, down);
  layer->first_bias =
      wrap(layer->context, GGML_TYPE_F32, rows, experts, 1, first_bias);
  layer->down_bias =
      wrap(layer->context, GGML_TYPE_F32, d, experts, 1, down_bias);
  layer->allocator = ggml_gallocr_new(ggml_backend_cpu_buffer_type());
  return layer;
}

/// keep: [tokens], 0 where capacity drops the choice, or null.
Graph *graph_new(Layer *layer, int64_t tokens, void *x, void *logits,
                 void *keep) {
  Graph *graph = (Graph *)calloc(1, sizeof(Graph));
  struct ggml_context *c = graph->context = new_context();
  int64_t k = layer->k, width = layer->width;
  graph->graph = ggml_new_graph_custom(c, 512, false);

  struct ggml_tensor *scores =
      wrap(c, GGML_TYPE_F32, layer->experts, tokens, 1, logits);
  struct ggml_tensor *probs = ggml_soft_max(c, scores);
  struct ggml_tensor *ids = ggml_argsort_top_k(c, scores, k);
  struct ggml_tensor *weights = ggml_get_rows(
      c, ggml_reshape_3d(c, probs, 1, layer->experts, tokens), ids);
  if (layer->normalize) {
    weights = ggml_reshape_2d(c, weights, k, tokens);
    weights = ggml_div(c, weights, ggml_sum_rows(c, weights));
    weights = ggml_reshape_3d(c, weights, 1, k, tokens);
  }
  if (keep)
    weights =
        ggml_mul(c, weights, wrap(c, GGML_TYPE_F32, 1, k, tokens, keep));
  ggml_build_forward_expand(graph->graph, weights);

  struct ggml_tensor *rows = wrap(c, GGML_TYPE_F32, layer->d, 1, tokens, x);
  struct ggml_tensor *hidden = ggml_mul_mat_id(c, layer->first, rows, ids);
  if (layer->first_bias)
    hidden = ggml_add_id(c, hidden, layer->first_bias, ids);
  if (layer->relu) {
    hidden = ggml_relu(c, hidden);
  } else {
    struct ggml_tensor *gate = ggml_view_3d(c, hidden, width, k, tokens,
                                            hidden->nb[1], hidden->nb[2], 0);
    struct ggml_tensor *up =
        ggml_view_3d(c, hidden, width, k, tokens, hidden->nb[1], hidden->nb[2],
                     width * hidden->nb[0]);
    hidden = layer->clamped
                 ? ggml_swiglu_oai(c, gate, up, layer->alpha, layer->limit)
                 : ggml_swiglu_split(c, gate, up);
  }
  struct ggml_tensor *out = ggml_mul_mat_id(c, layer->down, hidden, ids);
  if (layer->down_bias)
    out = ggml_add_id(c, out, layer->down_bias, ids);
  out = ggml_mul(c, out, weights);

  struct ggml_tensor *sum = NULL;
  for (int64_t i = 0; i < k; ++i) {
    struct ggml_tensor *part = ggml_view_2d(c, out, layer->d, tokens,
                                            out->nb[2], i * out->nb[1]);
    sum = sum ? ggml_add(c, sum, part) : part;
  }
  graph->result = k == 1 ? ggml_cont(c, sum) : sum;
  ggml_set_output(graph->result);
  ggml_build_forward_expand(graph->graph, graph->result);
  // All graphs share the memory of intermediate results: they run one by one.
  if (!ggml_gallocr_alloc_graph(layer->allocator, graph->graph))
    return NULL;
  graph->plan = ggml_graph_plan(graph->graph, layer->threads, NULL);
  graph->plan.work_data = (uint8_t *)malloc(graph->plan.work_size + 64);
  return graph;
}

/// The result, [tokens, d] in f32, or null.
const float *graph_run(Graph *graph) {
  if (ggml_graph_compute(graph->graph, &graph->plan) != GGML_STATUS_SUCCESS)
    return NULL;
  return (const float *)graph->result->data;
}

void graph_free(Graph *graph) {
  free(graph->plan.work_data);
  ggml_free(graph->context);
  free(graph);
}
