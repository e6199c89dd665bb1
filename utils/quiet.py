"""TensorFlow and Keras without their start-up notes: `from utils.quiet import keras, tf`.

The notes (which CPU, which CUDA driver) go to stderr from C++ and differ between machines. A stored notebook
compares stderr on CI, so they are kept out; Python warnings and errors are not touched.

That is for the course. In the doctor's wheel this module has another name, and a program that imports it keeps its
environment, its notes and its devices as they are.

`VERBOSE` is for `fit`: 1, a progress bar, where a person waits, and 0 where outputs are stored or compared.
"""

import os

VERBOSE = 0 if os.environ.get("COURSE_OUTPUTS") == "stored" else 1

if __name__ == "utils.quiet":
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # Python still raises every error
    # oneDNN chooses its kernels by CPU, and with them the last digits of a sum.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

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
else:
    try:
        import tensorflow as tf
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise ImportError("The doctor runs models on TensorFlow, which is missing: pip install tensorflow") from None
    import keras

    if keras.config.backend() != "tensorflow":
        raise ImportError(
            f"The doctor runs models on TensorFlow, and this Keras runs on {keras.config.backend()}. Start Python anew "
            "with KERAS_BACKEND=tensorflow in its environment; a model saved as .keras can be loaded there."
        )

__all__ = ["VERBOSE", "keras", "tf"]
