"""Checkers for the exercises, a module a chapter: each prints `correct`, or says what is missing. None raises."""

from .backends import check_moves, check_portable, check_softmax_as_logits
from .cross_entropy import check_loss_and_gradient, check_prob_for_loss, check_smoothed
from .field_guide import check_name_the_loss, check_preflight, check_wrong_share
from .inside_keras import check_accuracy_rule, check_losing_endings, check_weight_map
from .labels import check_guard, check_one_hot_bytes, check_sparse_cross_entropy
from .logits import check_log_odds, check_logits_for, check_same_softmax
from .mnist import check_fit_temperature, check_hardest, check_shift, check_untrained_loss
from .pixels import check_iou, check_mask_from_logits, check_pixel_loss, check_rare_class
from .scale import check_merge, check_split, check_wrong_worker
from .sequences import check_beat_naive_bayes, check_last_valid, check_line_weights, check_masked_mean
from .shakespeare import check_beat_the_counts, check_perplexity, check_untrained_bits
from .softmax import check_double_softmax_floor, check_stable_softmax, check_temperature

__all__ = [
    "check_accuracy_rule",
    "check_beat_naive_bayes",
    "check_beat_the_counts",
    "check_double_softmax_floor",
    "check_fit_temperature",
    "check_guard",
    "check_hardest",
    "check_iou",
    "check_last_valid",
    "check_line_weights",
    "check_log_odds",
    "check_logits_for",
    "check_losing_endings",
    "check_loss_and_gradient",
    "check_mask_from_logits",
    "check_masked_mean",
    "check_merge",
    "check_moves",
    "check_name_the_loss",
    "check_one_hot_bytes",
    "check_perplexity",
    "check_pixel_loss",
    "check_portable",
    "check_preflight",
    "check_prob_for_loss",
    "check_rare_class",
    "check_same_softmax",
    "check_shift",
    "check_smoothed",
    "check_softmax_as_logits",
    "check_sparse_cross_entropy",
    "check_split",
    "check_stable_softmax",
    "check_temperature",
    "check_untrained_bits",
    "check_untrained_loss",
    "check_weight_map",
    "check_wrong_share",
    "check_wrong_worker",
]
