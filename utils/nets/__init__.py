"""The networks of the course, how they are trained and asked, and their stored weights."""

from .networks import blog_cnn, blog_lstm, char_lstm, digit_cnn, lab_cnn, lab_cnn_as_meant, unet
from .training import bits, logits_of, rise_and_fall, train, train_digits, train_scenes
from .weights import MODELS, load_weights, save_weights

__all__ = [
    "MODELS",
    "bits",
    "blog_cnn",
    "blog_lstm",
    "char_lstm",
    "digit_cnn",
    "lab_cnn",
    "lab_cnn_as_meant",
    "load_weights",
    "logits_of",
    "rise_and_fall",
    "save_weights",
    "train",
    "train_digits",
    "train_scenes",
    "unet",
]
