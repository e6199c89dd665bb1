"""TensorFlow and Keras without their start-up notes: `from utils.quiet import keras, tf`.

The notes (which CPU, which CUDA driver) go to stderr from C++ and differ between machines. A stored notebook
compares stderr on CI, so they are kept out; Python warnings and errors are not touched.

`VERBOSE` is for `fit`: 1, a progress bar, where a person waits, and 0 where outputs are stored or compared.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # Python still raises every error
# oneDNN chooses its kernels by CPU, and with them the last digits of a sum.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

VERBOSE = 0 if os.environ.get("COURSE_OUTPUTS") == "stored" else 1

_stderr = os.dup(2)
_nowhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(_nowhere, 2)
try:
    import keras
    import tensorflow as tf

    tf.config.list_logical_devices()  # the CUDA note comes with the first use of a device
finally:
    os.dup2(_stderr, 2)
    os.close(_stderr)
    os.close(_nowhere)

__all__ = ["VERBOSE", "keras", "tf"]
