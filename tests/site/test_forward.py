"""The trained networks on the page: layers, logits and gradients against Keras, and how the weights get there.

Long, for it has a test for each layer, each kind of damage and each way on which the weights come.
"""

import copy
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from labs import in_node_with_arrays

from benchmarks.pages import SITE
from utils import nets, text, widgets
from utils.datasets import load_mnist, load_shakespeare
from utils.quiet import keras, tf
from utils.scenes import street_scenes

TOLERANCE = 1e-4  # of logits; both sides add in float32, in another order


def stored(name):
    """Return the manifest and the bytes of a stored network."""
    return json.loads((nets.MODELS / f"{name}.json").read_text()), (nets.MODELS / f"{name}.bin").read_bytes()


def run_network(name, body, **given):
    """Return the answer of `body`, which has the weights, `read`, and the `network` that forward.mjs makes of them."""
    manifest, content = stored(name)
    maker = {"digit_cnn": "digitCnn", "unet": "unet", "char_lstm": "charLstm"}[name]
    start = f"const read = await weights.readWeights(given.manifest, given.content), network = forward.{maker}(read);"
    return in_node_with_arrays(start + body, manifest=manifest, content=content, **given)


# ------------------------------------------------------------------------------------------------------- the networks


@pytest.fixture(scope="module")
def digits():
    """Return 200 of the test digits, their labels, and the network of Keras."""
    _, (images, labels) = load_mnist()
    network = nets.digit_cnn()
    nets.load_weights(network)
    return (images[::50, ..., None] / 255).astype(np.float32), labels[::50].astype(int), network


def test_200_digits_have_the_logits_of_keras(digits):
    images, _, network = digits
    body = "return given.images.map(({ values }) => network.logits(values));"
    found = run_network("digit_cnn", body, images=list(images))
    np.testing.assert_allclose(found, network(images), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("temperature", [1, 1.72])
def test_the_gradient_of_200_digits_is_that_of_the_tape(digits, temperature):
    images, labels, network = digits
    labels = (labels + np.arange(200) % 2) % 10  # every other one is a wrong label, whose gradient is not tiny
    body = "return given.images.map(({ values }, i) => network.gradient(values, given.labels[i], given.temperature));"
    given = {"images": list(images), "labels": labels.tolist(), "temperature": temperature}
    found = np.reshape(run_network("digit_cnn", body, **given), images.shape)
    pixels = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        # In float64, as losses.mjs: in float32 p - t has no digits left where the network is sure.
        logits = tf.cast(network(pixels), tf.float64) / temperature
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    wanted = tape.gradient(loss, pixels).numpy()
    largest = np.abs(wanted).max(axis=(1, 2, 3))
    assert (np.abs(found - wanted).max(axis=(1, 2, 3)) <= 1e-4 * largest + 1e-14).all()
    assert np.median(largest) > 1e-3


def test_200_beginnings_of_shakespeare_have_the_logits_of_keras():
    manifest, _ = stored("char_lstm")
    units, tokens = next(each["shape"] for each in manifest["tensors"] if each["name"] == "dense/kernel")
    network = nets.char_lstm(tokens, units=units)
    nets.load_weights(network)
    ids = text.encode(load_shakespeare(), manifest["characters"])
    rng = np.random.default_rng(0)
    windows = np.stack([ids[start : start + 30] for start in rng.integers(len(ids) - 30, size=200)])
    lengths = rng.integers(1, 31, size=200)
    body = """
      const last = (ids) => {
        let answer = {};
        for (const id of ids) answer = network.step(id, answer.state);
        return answer.logits;
      };
      return [...given.texts.slice(0, 100).map(network.logits), ...given.texts.slice(100).map(last)];
    """
    texts = [window[:length].tolist() for window, length in zip(windows, lengths, strict=True)]
    found = run_network("char_lstm", body, texts=texts)
    wanted = network(windows).numpy()[np.arange(200), lengths - 1]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE)


def test_a_state_can_be_kept_and_gone_back_to():
    body = """
      const { state } = network.step(3);
      return [network.step(5, state).logits, network.step(9, state).logits, network.step(5, state).logits];
    """
    first, other, again = run_network("char_lstm", body)
    assert first == again != other


def test_street_scenes_have_the_logits_of_keras():
    # 3 of them: 282,624 logits each, every pixel a test of its own, and half a second on either side.
    images, _ = street_scenes(3, seed=5)
    network = nets.unet()
    nets.load_weights(network)
    images = (images / 255).astype(np.float32)
    found = run_network("unet", "return given.images.map(({ values }) => network.logits(values));", images=list(images))
    np.testing.assert_allclose(found, network(images), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("name", "call", "wanted"),
    [
        ("digit_cnn", "network.logits([0, 1])", "784"),
        ("digit_cnn", "network.gradient(new Float32Array(784), 10)", "label is 10"),
        ("digit_cnn", "network.gradient(new Float32Array(784), 1, 0)", "temperature is 0"),
        ("unet", "network.logits([])", "36864"),
        ("char_lstm", "network.step(84)", "84 has no row among 0 to 83"),
        ("char_lstm", "network.step(0.5)", "0.5 has no row"),
        ("char_lstm", "network.logits([])", "one character or more"),
        ("digit_cnn", "forward.unet(read)", "32 channels are normalised, the kernel gives 16"),
        ("unet", "forward.charLstm(read)", "lack embedding/embeddings"),
    ],
)
def test_what_a_network_cannot_take_is_an_error(name, call, wanted):
    found = run_network(name, f"try {{ return {call}; }} catch (error) {{ return error.message; }}")
    assert re.search(wanted, found), found


# --------------------------------------------------------------------------------------------------- layers, each alone


def normal(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def same(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5 * max(1, np.abs(other).max()))


def gradients(function, inputs, slopes):
    """Return the tape's gradient of sum(slopes * function(input)) with respect to each input."""
    inputs = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(slopes * function(inputs))
    return tape.gradient(total, inputs).numpy()


def test_dense_and_its_gradient():
    rng = np.random.default_rng(1)
    cases = []
    for _ in range(12):
        n, m = rng.integers(1, 20, size=2)
        cases.append([normal(rng, *rng.integers(1, 5, rng.integers(0, 3)), n), normal(rng, n, m), normal(rng, m)])
    found = in_node_with_arrays("return given.cases.map((each) => forward.dense(...each));", cases=cases)
    same(found, [inputs @ kernel + bias for inputs, kernel, bias in cases])
    slopes = [[bias, kernel] for _, kernel, bias in cases]
    found = in_node_with_arrays("return given.slopes.map((each) => forward.denseGradient(...each));", slopes=slopes)
    same(found, [kernel @ bias for bias, kernel in slopes])


def test_conv2d_and_its_gradient():
    rng = np.random.default_rng(2)
    cases, wanted, slopes, wanted_slopes = [], [], [], []
    for k in range(40):
        height, width, channels, filters = rng.integers(1, 12, size=4)
        tall, wide = rng.integers(1, 6, size=2)
        strides = int(rng.integers(1, 4))
        image, kernel = normal(rng, height, width, channels), normal(rng, tall, wide, channels, filters)
        bias = normal(rng, filters) if k % 2 else None
        cases.append([image, kernel, bias, strides])

        def convolve(images, kernel=kernel, strides=strides):
            return keras.ops.conv(images, kernel, strides=strides, padding="same")

        wanted.append(convolve(image[None])[0] + (0 if bias is None else bias))
        slopes.append([normal(rng, *wanted[-1].shape), kernel, image.shape, strides])
        wanted_slopes.append(gradients(convolve, image[None], slopes[-1][0])[0])
    same(in_node_with_arrays("return given.cases.map((each) => forward.conv2d(...each));", cases=cases), wanted)
    body = "return given.slopes.map((each) => forward.conv2dGradient(...each));"
    same(in_node_with_arrays(body, slopes=slopes), wanted_slopes)


def test_max_pool_and_its_gradient_also_where_all_four_are_equal():
    rng = np.random.default_rng(3)
    images = [normal(rng, *rng.integers(2, 9, size=2), rng.integers(1, 5)).round(k % 2) for k in range(16)]
    images.append(np.ones((4, 6, 2), np.float32))

    def pool(images):
        return keras.ops.max_pool(images, 2)

    wanted = [pool(image[None])[0] for image in images]
    same(in_node_with_arrays("return given.images.map(forward.maxPool2d);", images=images), wanted)
    slopes = [normal(rng, *each.shape) for each in wanted]
    body = "return given.images.map((image, i) => forward.maxPool2dGradient(given.slopes[i], image));"
    found = in_node_with_arrays(body, images=images, slopes=slopes)
    same(found, [gradients(pool, image[None], each)[0] for image, each in zip(images, slopes, strict=True)])


def test_up_sampling_concatenate_and_relu():
    rng = np.random.default_rng(4)
    ones = [normal(rng, *rng.integers(1, 7, size=3)) for _ in range(10)]
    others = [normal(rng, *one.shape[:2], rng.integers(1, 5)) for one in ones]
    body = """
      const { ones, others } = given;
      return [ones.map(forward.upSampling2d), ones.map((one, i) => forward.concatenate(one, others[i])),
        ones.map(forward.relu), ones.map((one) => forward.reluGradient(one, forward.relu(one)))];
    """
    larger, both, positive, slopes = in_node_with_arrays(body, ones=ones, others=others)
    same(larger, [keras.layers.UpSampling2D(2)(one[None])[0] for one in ones])
    same(both, [keras.ops.concatenate(pair, axis=-1) for pair in zip(ones, others, strict=True)])
    same(positive, [keras.ops.relu(one) for one in ones])
    same(slopes, [gradients(tf.nn.relu, one, one) for one in ones])


def test_a_normalisation_alone_and_folded_into_the_convolution_before_it():
    rng = np.random.default_rng(5)
    cases, wanted = [], []
    for _ in range(10):
        channels, filters = rng.integers(1, 9, size=2)
        image, kernel = normal(rng, 5, 6, channels), normal(rng, 3, 3, channels, filters)
        # Small variances, where Keras' epsilon counts, and negative gammas too.
        gamma, beta, mean = normal(rng, 3, filters)
        parts = {"gamma": gamma, "beta": beta, "mean": mean, "variance": 10 ** normal(rng, filters) / 100}
        layer = keras.layers.BatchNormalization()
        layer.build((None, 5, 6, filters))
        layer.set_weights(list(parts.values()))
        cases.append({"image": image, "kernel": kernel, "parts": parts})
        wanted.append(layer(keras.ops.conv(image[None], kernel, padding="same"), training=False)[0])
    body = """
      return given.cases.map(({ image, kernel, parts }) => {
        const norm = forward.normalisation(parts), folded = forward.fold(kernel, norm);
        const alone = forward.normalise(forward.conv2d(image, kernel), norm);
        return [alone, forward.conv2d(image, folded.kernel, folded.bias)];
      });
    """
    alone, folded = zip(*in_node_with_arrays(body, cases=cases), strict=True)
    same(alone, wanted)
    same(folded, wanted)


def test_embedding_and_a_step_of_an_lstm_from_any_state():
    rng = np.random.default_rng(6)
    cases, wanted = [], []
    for _ in range(8):
        rows, size, units = rng.integers(1, 20, size=3)
        table, hidden, cell = normal(rng, rows, size), normal(rng, units), normal(rng, units)
        parts = [normal(rng, size, 4 * units), normal(rng, units, 4 * units), normal(rng, 4 * units)]
        at = int(rng.integers(rows))
        layer = keras.layers.LSTM(units, return_state=True)
        layer.build((None, 1, size))
        layer.set_weights(parts)
        _, *state = layer(table[at][None, None], initial_state=[hidden[None], cell[None]])
        wanted += [each[0] for each in state]
        cell_of = dict(zip(("kernel", "recurrent", "bias"), parts, strict=True))
        cases.append([table, at, {"hidden": hidden, "cell": cell}, cell_of])
    body = """
      return given.cases.flatMap(([table, at, state, parts]) => {
        const next = forward.lstmStep(forward.embedding(at, table), state, parts);
        return [next.hidden, next.cell];
      });
    """
    same(in_node_with_arrays(body, cases=cases), wanted)


# ------------------------------------------------------------------------------------------------------ stored weights

# Each attempt, [manifest, bytes], is answered by the weights or by {error}; `true` says that it was an Error.
READ = """
  const attempt = async ([manifest, content]) => {
    try { return await weights.readWeights(manifest, content); }
    catch (error) { return { error: error.message, is: error.constructor === Error }; }
  };
"""


def a_sentence(answer):
    """Return the message of an answer that is an error and reads as a sentence."""
    assert answer["is"], answer
    assert re.fullmatch(r"[A-Z][^\n]{10,250}\.", answer["error"]), answer
    assert not re.search(r"undefined|\bNaN\b|\[object", answer["error"]), answer
    return answer["error"]


def test_every_float16_is_read_as_numpy_does():
    found = in_node_with_arrays("return Float32Array.from({ length: 65536 }, (_, k) => weights.float16(k));")
    wanted = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(np.signbit(found[~np.isnan(found)]), np.signbit(wanted[~np.isnan(wanted)]))


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_stored_weights_are_read_as_python_reads_them(dtype, tmp_path):
    network = keras.Sequential([keras.Input((5, 5, 3)), keras.layers.Conv2D(7, 3), keras.layers.Dense(4)], name="small")
    network.set_weights([normal(np.random.default_rng(7), *each.shape) for each in network.weights])
    nets.save_weights(network, tmp_path, dtype)
    manifest, content = json.loads((tmp_path / "small.json").read_text()), (tmp_path / "small.bin").read_bytes()
    found = in_node_with_arrays(
        READ + "return attempt([given.manifest, given.content]);", manifest=manifest, content=content
    )
    nets.load_weights(network, tmp_path)
    assert [*found] == [tensor["name"] for tensor in manifest["tensors"]]
    for one, other in zip(found.values(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def changed(*path, to):
    """Return the manifest and bytes of the digit network, with one thing changed; `...` takes it away."""
    manifest, content = stored("digit_cnn")
    *way, last = path
    place = manifest
    for key in way:
        place = place[key]
    if to is ...:
        del place[last]
    else:
        place[last] = to
    return [manifest, content]


def test_damaged_files_and_manifests_are_refused_in_a_sentence_each():
    manifest, content = stored("digit_cnn")
    other_byte = content[:100] + bytes([content[100] ^ 1]) + content[101:]
    cases = {
        "sha256 is": [manifest, other_byte],
        "sha256 is ": [manifest, content[:-2]],
        "sha256 is  ": [manifest, b""],
        "no sha256": changed("sha256", to=...),
        "no sha256 ": [None, content],
        "no sha256  ": ["text", content],
        "lists no tensors": changed("tensors", to=...),
        "lists no tensors ": changed("tensors", to=[]),
        "no name": changed("tensors", 2, "name", to=...),
        "no name, or that of another": changed("tensors", 2, "name", to="conv2d/bias"),
        "no name ": changed("tensors", 2, to=None),
        "conv2d/kernel has no shape": changed("tensors", 0, "shape", to=...),
        "no shape ": changed("tensors", 0, "shape", to=[]),
        "no shape  ": changed("tensors", 0, "shape", to=[5, 5, 1, -16]),
        "no shape   ": changed("tensors", 0, "shape", to=[5, 5, 1, 0.5]),
        "no shape    ": changed("tensors", 0, "shape", to=[1, 1, 1, 1, 400]),
        "beyond the 59220 bytes": changed("tensors", 0, "shape", to=[5, 5, 1, 10**300]),
        "neither float16 nor": changed("tensors", 0, "dtype", to=...),
        "neither float16 nor an int8 matrix": changed("tensors", 1, "dtype", to="int8"),
        "begin at byte 0": changed("tensors", 0, "offset", to=-2),
        "begin at byte 800": changed("tensors", 1, "offset", to=10**9),
        "dense/bias does not begin": changed("tensors", -1, "offset", to=59202),
        "beyond the 59220 bytes ": changed("tensors", -1, "shape", to=[11]),
        "end at byte 59218": changed("tensors", -1, "shape", to=[9]),
    }
    answers = in_node_with_arrays(READ + "return Promise.all(given.cases.map(attempt));", cases=list(cases.values()))
    for wanted, answer in zip(cases, answers, strict=True):
        assert wanted.strip() in a_sentence(answer)


def mutated(rng, manifest):
    """Return a manifest with one to three random changes at random places."""
    manifest = copy.deepcopy(manifest)
    strange = [None, True, "", "int8", "__proto__", -1, 0, 1.5, 3, 2**31, 1e300, [], [0], [[5]], {}, "9" * 500]
    for _ in range(rng.integers(1, 4)):
        place = manifest
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = keys[rng.integers(len(keys))]
            if isinstance(place[key], dict | list) and rng.random() < 0.8:
                place = place[key]
                continue
            others = [*strange, *(place[each] for each in keys)]
            if rng.random() < 0.25:
                del place[key]
            else:
                place[key] = copy.deepcopy(others[rng.integers(len(others))])
            break
    return manifest


def test_a_manifest_with_random_damage_is_read_or_refused_in_a_sentence():
    manifest, content = stored("digit_cnn")
    rng = np.random.default_rng(8)
    body = (
        READ
        + """
      const answers = [];
      for (const manifest of given.manifests) {
        const read = await attempt([manifest, given.content]);
        if (read.error) { answers.push(read); continue; }
        const finite = Object.values(read).every(({ values }) => values.every(Number.isFinite));
        try { answers.push(finite && forward.digitCnn(read).logits(new Float32Array(784)).every(Number.isFinite)); }
        catch (error) { answers.push({ error: error.message, is: error.constructor === Error }); }
      }
      return answers;
    """
    )
    answers = in_node_with_arrays(body, content=content, manifests=[mutated(rng, manifest) for _ in range(400)])
    refused = [a_sentence(answer) for answer in answers if answer is not True]
    assert 100 < len(refused) < 400
    assert len({re.sub(r"\d+|\S*/\S*", "", each) for each in refused}) >= 8


def test_where_the_browser_cannot_verify_the_reader_is_told_why():
    manifest, content = stored("digit_cnn")
    hide = "Object.defineProperty(globalThis, 'crypto', { value: undefined });"
    answer = in_node_with_arrays(READ + hide + "return attempt(given.case);", case=[manifest, content])
    assert "only to pages from https:// or from localhost" in a_sentence(answer)


FETCH = """
  const { createServer } = await import("node:http");
  const server = createServer((request, response) => {
    const [, kind, file] = request.url.split("/");
    const json = file.endsWith("json");
    if (kind === "gone") return response.writeHead(404).end();
    if (kind === "moved") return response.writeHead(302, { location: `/good/${file}` }).end();
    if (kind === "hang") return;
    if (kind === "cut" && !json) {
      response.writeHead(200, { "content-length": 59220 });
      return response.write(given.content.slice(0, 999), () => response.destroy());
    }
    if (kind === "page" && json) return response.end("<html>");
    if (kind === "wrong" && !json) return response.end(given.content.slice(2));
    response.end(json ? JSON.stringify(given.manifest) : given.content);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  globalThis.location = new URL(`http://127.0.0.1:${server.address().port}/`);
  const answers = {};
  for (const kind of ["good", "gone", "moved", "hang", "cut", "page", "wrong", "foreign", "name", "refused"]) {
    const base = kind === "foreign" ? "http://localhost:1/" : new URL(`${kind}/`, location);
    if (kind === "refused") { server.closeAllConnections(); await new Promise((resolve) => server.close(resolve)); }
    const options = { base, signal: kind === "hang" ? AbortSignal.timeout(50) : undefined };
    try { answers[kind] = Object.keys(await weights.fetchModel(kind === "name" ? "../secret" : "digit_cnn", options)); }
    catch (error) { answers[kind] = { error: error.message, is: error.constructor === Error, name: error.name }; }
  }
  return answers;
"""


def test_a_model_is_fetched_or_the_reader_is_told_what_went_wrong():
    manifest, content = stored("digit_cnn")
    answers = in_node_with_arrays(FETCH, manifest=manifest, content=content)
    assert answers.pop("good") == ["manifest", "weights"]
    assert answers.pop("hang")["name"] == "TimeoutError"  # the signal's reason, as it came
    wanted = {
        "gone": "the server answers 404",
        "moved": "could not be fetched",
        "cut": "digit_cnn.bin could not be read: the connection was cut",
        "page": "digit_cnn.json could not be read: it is not JSON",
        "wrong": "sha256",
        "foreign": "another host",
        "name": "no name of a model",
        "refused": "is there a connection?",
    }
    assert answers.keys() == wanted.keys()
    for kind, answer in answers.items():
        assert answer["is"]
        assert wanted[kind] in answer["error"]
        assert answer["error"].endswith((".", "?"))


# ----------------------------------------------------------------------------------------------------- Jupyter and site


class Explorer(widgets.ModelWidget):
    STATE = ()
    _esm = "export default { render() {} }"


@pytest.fixture
def ask(monkeypatch):
    """Return a function that gives a widget's answer to a message: its content and buffers."""
    answers = []
    monkeypatch.setattr(Explorer, "send", lambda self, content, buffers=None: answers.append((content, buffers)))
    explorer = Explorer()

    def message(content):
        answers.clear()
        explorer._handle_custom_msg(content, [])
        return answers[0] if answers else None

    return message


def test_in_jupyter_the_weights_come_from_python(ask):
    manifest, content = stored("digit_cnn")
    answer, buffers = ask({"type": "weights", "name": "digit_cnn"})
    assert (answer, buffers) == ({"type": "weights", "name": "digit_cnn", "manifest": manifest}, [content])
    refusal, _ = ask({"type": "weights", "name": "no_such"})
    body = """
      const answers = { digit_cnn: [given.answer, [new DataView(given.content.buffer)]], no_such: [given.refusal, []] };
      const listeners = new Set();
      const reply = (name) => (each) => {
        each({ type: "other" }, []);
        if (answers[name]) each(...answers[name]);
      };
      const model = {
        get: () => undefined,
        on: (event, listener) => listeners.add(listener),
        off: (event, listener) => listeners.delete(listener),
        send: ({ name }) => setTimeout(() => listeners.forEach(reply(name))),
      };
      const attempt = async (name, options) => {
        try {
          const found = await weights.modelFrom(model, name, options);
          return found.manifest.sha256 + found.weights["dense/bias"].shape;
        } catch (error) { return `${error.name}: ${error.message}`; }
      };
      const found = await Promise.all([attempt("digit_cnn"), attempt("no_such"), attempt("silent", { patience: 50 }),
        attempt("silent", { signal: AbortSignal.timeout(50) })]);
      return [...found, listeners.size];
    """
    fine, unknown, silent, aborted, left = in_node_with_arrays(body, answer=answer, refusal=refusal, content=content)
    assert fine == manifest["sha256"] + "10"
    assert unknown == "Error: There is no trained network 'no_such' in data/models."
    assert silent == "Error: Python did not send silent: it is busy or was restarted. Run the cell again."
    assert aborted.startswith("TimeoutError")
    assert left == 0


@pytest.mark.parametrize("name", [None, "", "none", "../mnist", "scenes/manifest", "digit_cnn.json", ["digit_cnn"], {}])
def test_python_sends_no_other_file(ask, name):
    answer, buffers = ask({"type": "weights", "name": name})
    assert answer.keys() == {"type", "name", "error"}
    assert buffers is None


def test_a_message_that_asks_for_no_weights_has_no_answer(ask):
    assert ask({"type": "hello"}) is ask("weights") is None


def test_a_network_without_its_file_is_an_error_that_says_what_to_do(ask, monkeypatch, tmp_path):
    monkeypatch.setattr(widgets.base, "MODELS", tmp_path)
    (tmp_path / "unet.json").write_text("{}")
    answer, _ = ask({"type": "weights", "name": "unet"})
    assert answer["error"] == "The files of unet cannot be read: make models MODEL=unet"


def test_widgets_do_not_start_tensorflow():
    program = "import sys, utils.widgets; print('tensorflow' in sys.modules)"
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_widget_of_all_modules_has_each_of_them_once(monkeypatch, tmp_path):
    for path in widgets.MODULES.glob("*.mjs"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "explorer.mjs").write_text(
        'import { softmax } from "./losses.mjs";\nimport { digitCnn } from "./forward.mjs";\n'
        'import { h, text } from "./parts.mjs";\nimport { modelFrom } from "./weights.mjs";\n'
        "export default { render: () => [softmax, digitCnn, h, text, modelFrom].map((each) => each.name) };\n"
    )
    monkeypatch.setattr(widgets.base, "MODULES", tmp_path)
    (tmp_path / "whole.mjs").write_text(widgets.module("explorer.mjs"))
    body = f'const {{ default: whole }} = await import("{(tmp_path / "whole.mjs").as_uri()}"); return whole.render();'
    assert in_node_with_arrays(body) == ["softmax", "digitCnn", "h", "text", "modelFrom"]


@pytest.mark.usefixtures("pages")
def test_the_site_has_every_trained_network():
    files = [path for path in nets.MODELS.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".json", ".bin"}
    for path in files:
        assert (SITE / "_static/models" / path.relative_to(nets.MODELS)).read_bytes() == path.read_bytes()
