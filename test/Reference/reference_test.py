# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The reference against results worked out by hand from docs/spec.md."""

import numpy as np
import pytest

from condcomp import reference as ref

NAN, INF = np.nan, np.inf


def chosen(routing):
    return [list(np.flatnonzero(row)) for row in routing.presence]


class TestGates:
    def test_top_k_takes_the_larger_and_the_lower_of_equals(self):
        routing = ref.top_k([[1, 3, 2, 3], [0, 0, 0, 0], [-0.0, 0.0, -1, 5]], 2)
        assert chosen(routing) == [[1, 3], [0, 1], [0, 3]]
        assert ref.weights(routing).tolist() == [[3, 3], [0, 0], [0, 5]]

    def test_top_k_takes_nan_last(self):
        routing = ref.top_k([[NAN, -INF, NAN, 1], [NAN, NAN, NAN, INF]], 3)
        assert chosen(routing) == [[0, 1, 3], [0, 1, 3]]
        np.testing.assert_array_equal(
            ref.weights(routing), [[NAN, -INF, 1], [NAN, NAN, INF]]
        )

    @pytest.mark.parametrize("k", [-1, 4])
    def test_top_k_refuses(self, k):
        with pytest.raises(ref.CheckError, match="top_k C3"):
            ref.top_k(np.zeros((2, 3)), k)

    def test_top_p_takes_the_fewest_that_reach_p(self):
        scores = np.array([[0.125, 0.5, 0.25, 0.125], [0, 0, 1, 0]], np.float32)
        assert chosen(ref.top_p(scores, 0.75)) == [[1, 2], [2]]
        assert chosen(ref.top_p(scores, 0.8)) == [[0, 1, 2], [2]]
        assert chosen(ref.top_p(scores, 0.8, most=2)) == [[1, 2], [2]]
        assert chosen(ref.top_p(scores, 0.8, least=2)) == [[0, 1, 2], [0, 2]]
        assert chosen(ref.top_p(scores, 0)) == [[1], [2]]
        assert chosen(ref.top_p(scores, 0, least=0)) == [[], []]
        assert chosen(ref.top_p(scores, NAN, most=3)) == [[0, 1, 2], [0, 1, 2]]

    def test_top_p_adds_in_the_weight_type(self):
        # 1 + 2^-24 is 1 in f32: the sum stays below p for ever.
        scores = [[1, 2.0**-24, 2.0**-24]]
        p = 1 + 2.0**-23
        assert chosen(ref.top_p(np.array(scores, np.float64), p)) == [[0, 1, 2]]
        assert chosen(ref.top_p(np.array([[1, 0.0, -1]], np.float32), 1)) == [[0]]
        single = ref.top_p(np.array(scores + [[1, 2.0**-23, 1e-9]], np.float32), p)
        assert chosen(single) == [[0, 1, 2], [0, 1]]

    def test_top_p_refuses(self):
        with pytest.raises(ref.CheckError, match="top_p C3"):
            ref.top_p(np.zeros((2, 3)), 0.5, least=3, most=2)

    def test_expert_choice_takes_rows(self):
        routing = ref.expert_choice([[1, 5], [3, NAN], [3, 5], [2, 4]], 2)
        assert chosen(routing) == [[1], [0], [0, 1], []]
        assert ref.module_sizes(routing).tolist() == [2, 2]
        with pytest.raises(ref.CheckError, match="expert_choice C3"):
            ref.expert_choice(np.zeros((2, 3)), 3)

    def test_limit_groups_keeps_the_best_groups(self):
        scores = [[9, 0, 5, 5, 4, 4], [-3, -1, NAN, NAN, -2, -2]]
        np.testing.assert_array_equal(
            ref.limit_groups(scores, 3, 1, -INF),
            [[9, 0] + 4 * [-INF], [-3, -1] + 4 * [-INF]],
        )
        np.testing.assert_array_equal(
            ref.limit_groups(scores, 3, 2, 0, sum_of=2),
            [[9, 0, 5, 5, 0, 0], [-3, -1, 0, 0, -2, -2]],
        )
        for groups, keep, sum_of in [(4, 1, 1), (3, 4, 1), (3, 1, 3)]:
            with pytest.raises(ref.CheckError, match="limit_groups C"):
                ref.limit_groups(scores, groups, keep, 0, sum_of)

    def test_threshold_includes_equality_and_no_nan(self):
        scores = [[0.5, 0.4, NAN, INF]]
        assert chosen(ref.threshold(scores, 0.5)) == [[0, 3]]
        assert chosen(ref.threshold(scores, NAN)) == [[]]

    def test_assign_orders_entries_by_module(self):
        routing = ref.assign([[2, 0]], 3, weights=[[5.0, 7.0]])
        assert ref.indices(routing).tolist() == [[0, 2]]
        assert ref.weights(routing).tolist() == [[7.0, 5.0]]

    def test_assign_refuses_or_drops(self):
        with pytest.raises(ref.CheckError, match="assign C3: index 3"):
            ref.assign([[3]], 3)
        with pytest.raises(ref.CheckError, match="assign C4"):
            ref.assign([[1, 1]], 3)
        dropped = ref.assign([[3, -1], [1, 9]], 3, out_of_range="drop")
        assert chosen(dropped) == [[], [1]]
        assert ref.weights(dropped).tolist() == [1.0]

    def test_from_offsets_has_empty_segments(self):
        routing = ref.from_offsets([0, 0, 2, 2, 3])
        assert chosen(routing) == [[1], [1], [3]]
        for offsets in ([1, 2], [0, 2, 1], []):
            with pytest.raises(ref.CheckError, match="from_offsets C2"):
                ref.from_offsets(offsets)


class TestAlgebra:
    def test_normalize_keeps_a_row_whose_sum_is_zero(self):
        routing = ref.from_mask(
            [[1, 1, 0], [1, 0, 1], [0, 0, 0]], [[1, 3, 9], [2, 0, -2], [1, 1, 1]]
        )
        assert ref.to_dense(ref.normalize(routing, "sum")).tolist() == [
            [0.25, 0.75, 0],
            [2, 0, -2],
            [0, 0, 0],
        ]

    def test_normalize_softmax_of_minus_infinity_alone_is_nan(self):
        routing = ref.from_mask([[1, 1], [1, 1]], [[0, -INF], [-INF, -INF]])
        np.testing.assert_array_equal(
            ref.to_dense(ref.normalize(routing, "softmax")), [[1, 0], [NAN, NAN]]
        )

    def test_capacity_orders(self):
        # Three rows want module 0 with these weights, as first or second choice.
        routing = ref.from_mask([[1, 1], [1, 0], [1, 0]], [[1, 5], [2, 0], [3, 0]])
        kept = lambda *a, **k: chosen(ref.capacity(routing, *a, **k))
        assert kept(1) == [[0, 1], [], []]
        assert kept(1, "rank") == [[1], [0], []]
        assert kept(1, "weight") == [[1], [], [0]]
        assert kept(1, "arrival", priority=[0, 1, 1]) == [[1], [0], []]
        assert kept(1, "rank", priority=[9, 1, 2]) == [[1], [], [0]]
        assert kept(0) == [[], [], []]
        assert kept(7) == chosen(routing)

    def test_reweight_by_matrix_and_by_entries(self):
        routing = ref.from_mask([[0, 1], [1, 1]])
        by_matrix = ref.reweight(routing, dense=[[1, 2], [3, NAN]])
        np.testing.assert_array_equal(ref.weights(by_matrix), [2, 3, NAN])
        assert ref.weights(ref.reweight(routing, entries=[7, 8, 9])).tolist() == [
            7,
            8,
            9,
        ]


class TestQueries:
    def test_all_of_a_batch(self):
        routing = ref.from_mask([[[1, 0], [0, 0]], [[1, 1], [0, 1]]])
        assert ref.row_sizes(routing).tolist() == [[1, 0], [2, 1]]
        assert ref.module_sizes(routing).tolist() == [[1, 0], [1, 2]]
        assert ref.row_offsets(routing).tolist() == [0, 1, 1, 3, 4]
        assert ref.num_entries(routing) == 4
        assert ref.indices(routing).tolist() == [0, 0, 1, 1]


class TestMovement:
    routing = ref.from_mask([[1, 1], [0, 0], [0, 1]], [[2, 3], [0, 0], [0, 0]])

    def test_select(self):
        rows, modules = [[1], [2], [3]], [10, 20]
        assert ref.select(self.routing, "rows", rows).tolist() == [[1], [1], [3]]
        assert ref.select(self.routing, "modules", modules).tolist() == [10, 20, 20]
        pairs = np.arange(6).reshape(3, 2)
        assert ref.select(self.routing, "pairs", pairs).tolist() == [0, 1, 5]

    @pytest.mark.parametrize(
        "kind, expected",
        [
            ("sum", [100 + 2 + 30, 100, 100 + 0]),
            ("mean", [16, 100, 0]),
            ("max", [30, 100, 0]),
        ],
    )
    def test_combine_weighs_and_keeps_rows_without_entries(self, kind, expected):
        result = ref.combine(self.routing, kind, [1.0, 10, 5], [100.0, 100, 100])
        assert result.tolist() == expected

    def test_combine_of_an_entry_with_weight_zero_spreads_nan(self):
        result = ref.combine(self.routing, "sum", [1.0, 10, INF], [0.0, 0, 0])
        np.testing.assert_array_equal(result, [32, 0, NAN])

    def test_stack_and_restore(self):
        outs = np.full((3, 2), -1.0)
        stacked = ref.combine(
            self.routing, "stack", [1.0, 10, 5], outs, use_weights=False
        )
        assert stacked.tolist() == [[1, 10], [-1, -1], [-1, 5]]
        added = ref.restore(self.routing, "sum", [1.0, 10, 5], outs)
        assert added.tolist() == [[0, 9], [-1, -1], [-1, 4]]


class TestModules:
    routing = ref.from_mask(
        [[1, 0, 1], [0, 0, 0], [0, 1, 1]], [[2.0, 0, 3], [0] * 3, [0, 4, 5]]
    )

    def test_scale(self):
        assert ref.weights(ref.scale(self.routing, -2)).tolist() == [-4, -6, -8, -10]

    def test_complement_has_weights_of_one(self):
        routing = ref.complement(self.routing)
        assert chosen(routing) == [[1], [0, 1, 2], [0]]
        assert ref.weights(routing).tolist() == [1] * 5
        assert ref.complement(ref.top_k(np.zeros((2, 5)), 2)).k == 3

    def test_slice_modules_renumbers(self):
        routing = ref.slice_modules(self.routing, 1, 2)
        assert chosen(routing) == [[1], [], [0, 1]]
        assert ref.weights(routing).tolist() == [3, 4, 5]
        with pytest.raises(ref.CheckError, match="slice_modules C3"):
            ref.slice_modules(self.routing, 2, 2)

    def test_concat_modules(self):
        routing = ref.concat_modules(
            self.routing, ref.top_k([[1.0, 2], [3, 0], [0, 0]], 1)
        )
        assert chosen(routing) == [[0, 2, 4], [3], [1, 2, 3]]
        assert ref.weights(routing).tolist() == [2, 3, 2, 3, 4, 5, 0]
        with pytest.raises(ref.CheckError, match="concat_modules C1"):
            ref.concat_modules(self.routing, ref.top_k(np.zeros((2, 2)), 1))

    def test_pool_and_mix_are_products(self):
        x, outs = np.array([[1.0], [10], [100]]), np.array([[0.5]] * 3)
        assert ref.pool(self.routing, "sum", x, outs).tolist() == [
            [2.5],
            [400.5],
            [503.5],
        ]
        assert ref.pool(self.routing, "mean", x, outs).tolist() == [[2], [400], [251.5]]
        assert ref.pool(self.routing, "max", x, outs, False).tolist() == [
            [1],
            [100],
            [100],
        ]
        assert ref.mix(self.routing, x, outs).tolist() == [[302.5], [0.5], [540.5]]

    def test_pool_keeps_outs_of_modules_without_rows(self):
        routing = ref.from_mask([[1, 0]])
        pooled = ref.pool(routing, "mean", [[np.nan]], [[1.0], [7.0]])
        np.testing.assert_array_equal(pooled, [[np.nan], [7.0]])

    def test_match_tokens_merges_the_most_similar(self):
        scores = [[0.1, 0.9], [0.5, 0.2], [-INF, -INF], [0.9, 0.9]]
        assert chosen(ref.match_tokens(scores, 2)) == [[3], [0], [1], [2], [2], [3]]
        assert chosen(ref.match_tokens(scores, 4))[:4] == [[1], [0], [0], [0]]
        nan = ref.match_tokens([[NAN, -1.0], [-INF, NAN], [NAN, NAN]], 2)
        assert chosen(nan) == [[2], [1], [0], [1], [2]]
        for r in [-1, 5]:
            with pytest.raises(ref.CheckError, match="match_tokens C3"):
                ref.match_tokens(scores, r)


class TestBodies:
    def test_apply_is_dispatch_body_combine(self):
        routing = ref.top_k([[1, 2, 0], [0, 4, 3]], 2)
        x, scale = np.array([[1.0], [10.0]]), np.array([1.0, 2.0, 3.0])
        (y,) = ref.apply(
            routing,
            lambda xe, s: [xe * s],
            rows=[x],
            params=[scale],
            outs=[np.zeros((2, 1))],
        )
        assert y.tolist() == [[1 * 1 + 2 * 2], [4 * 20 + 3 * 30]]

    def test_apply_in_groups_sees_one_module_of_one_batch_index(self):
        routing = ref.from_mask([[[1, 0], [1, 1]], [[1, 0], [0, 0]]])
        (y,) = ref.apply(
            routing,
            lambda xe, ids: [np.full(len(xe), xe.sum()) + 100 * ids],
            rows=[[[1.0, 2.0], [4.0, 8.0]]],
            combine="none",
            scope="group",
            with_ids=True,
        )
        assert y.tolist() == [3, 103, 102, 204]

    def test_cascade_returns_rows_in_their_order(self):
        def first(x, seen, ids):
            seen[ids] += 1
            return ref.Exit(x < 0, [x], [x * 10], [seen])

        def last(x, seen, ids):
            seen[ids] += 1
            return ref.Exit(results=[x], state=[seen])

        (y,), (seen,), left_at = ref.cascade(
            [first, last], [[1.0, -2.0, 3.0]], [[0.0, 0.0, 0.0]], with_ids=True
        )
        assert y.tolist() == [10, -2, 30]
        assert seen.tolist() == [2, 1, 2]
        assert left_at.tolist() == [1, 0, 1]

    def test_open_cascade_returns_survivors(self):
        def stage(x):
            return ref.Exit(x < 0, [x * 10], [x - 1])

        (y,), _, left_at, ids, (carry,) = ref.cascade(
            [stage, stage], [[0.5, -2.0, 3.0]], outs=[[7.0, 8.0, 9.0]], is_open=True
        )
        assert y.tolist() == [-5, -20, 9]
        assert left_at.tolist() == [1, 0, 2]
        assert ids.tolist() == [2] and carry.tolist() == [1]

    def test_iterate_counts_steps_and_stops_at_the_limit(self):
        def body(x, w, step):
            return ref.Exit(x >= 3, [x * w], [x + step])

        def run(steps):
            (y,), _, left_at = ref.iterate(
                body,
                steps,
                [[3.0, 2.0, 0.0, 0.0]],
                [[9.0, 9.0, 9.0, 9.0]],
                params=[[1.0, 2.0, 3.0, 4.0]],
                with_step=True,
            )
            return y.tolist(), left_at.tolist()

        assert run(0) == ([9, 9, 9, 9], [0, 0, 0, 0])
        assert run(2) == ([3, 4, 0, 0], [0, 2, 2, 2])
        assert run(4) == ([3, 9, 12, 12], [0, 2, 3, 3])
        with pytest.raises(ref.CheckError, match="iterate C11"):
            run(-1)
        with pytest.raises(ref.CheckError, match="iterate C12"):
            run(5)


@pytest.mark.parametrize(
    "kind, expected",
    [("max_prob", 0.5), ("entropy", 1.5 * np.log(2)), ("margin", 0.25)],
)
def test_confidence(kind, expected):
    logits = np.log([0.25, 0.5, 0.25])
    np.testing.assert_allclose(ref.confidence(logits, kind), expected)
    assert np.isnan(ref.confidence([0.0, NAN], kind))
    with pytest.raises(ref.CheckError, match="confidence C3"):
        ref.confidence(np.zeros((3, 0)), kind)


class TestSampling:
    # The known answers that come with Random123.
    @pytest.mark.parametrize(
        "counter, key, words",
        [
            (4 * (0,), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
            (4 * (2**32 - 1,), 2 * (2**32 - 1,), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
            (
                (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
                (0xA4093822, 0x299F31D0),
                "d16cfe09 94fdcceb 5001e420 24126ea1",
            ),
        ],
    )
    def test_philox_gives_the_published_words(self, counter, key, words):
        assert " ".join(f"{int(w):08x}" for w in ref.philox(counter, key)) == words

    def test_noise_is_that_of_the_words(self):
        # Row 0, module 0, key 0, step 0: the first published word.
        number = 2 * (0x6627E8D5 >> 9) + 1
        wanted = -np.log(-np.log(number / 2**24))
        assert ref.gumbel((1, 1), 0)[0, 0] == wanted
        number = 2 * (0x6627E8D5E169C58D >> 12) + 1
        assert ref.gumbel((1, 1), 0, double=True)[0, 0] == -np.log(
            -np.log(number / 2**53)
        )

    def test_draws_belong_to_ids(self):
        logits = np.zeros((6, 5), np.float32)
        whole = ref.sample(logits, 2, key=7, step=3)
        part = ref.sample(logits[:2], 2, key=7, step=3, ids=[4, 1])
        assert chosen(part) == [chosen(whole)[4], chosen(whole)[1]]
        assert chosen(whole) != chosen(ref.sample(logits, 2, key=7, step=4))

    def test_sample_refuses(self):
        for k, step, ids in [(6, 0, None), (1, 2**32, None), (1, 0, [1])]:
            with pytest.raises(ref.CheckError, match="sample"):
                ref.sample(np.zeros((2, 5)), k, 0, step, ids)
