"""Time and memory of the cross-entropy of a vocabulary on one GPU: `python -m benchmarks.gpu_vocabulary`.

It needs PyTorch 2.11 or newer and an NVIDIA GPU, which the course does not, and so stands apart from `make bench` and
from the lock. It prints JSON in the form of gpu_vocabulary.json, the file that chapter 12 draws. That file was measured
once, by an earlier program for the same table that was not kept; this one has not been run on a GPU yet. Where you
have one, run it, and store what it prints.
"""

import json
import statistics
import sys
import time
from datetime import UTC, datetime

ROWS, WIDTH, CLASSES = 8192, 2048, (2**15, 2**17, 2**18, 2**20)
CHUNK, BLOCK, TIMES = 1024, 16_384, 3


def whole(features, weights, labels, dtype="float32"):
    """Return the mean loss from logits that exist as a whole, after its gradients were added up."""
    import torch

    logits = (features @ weights.T).to(getattr(torch, dtype))
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    return loss.detach()


def in_chunks(features, weights, labels):
    """Return the mean loss, a chunk of rows at a time: each chunk's logits go before the next ones come."""
    import torch

    total = 0.0
    for rows, targets in zip(features.split(CHUNK), labels.split(CHUNK), strict=True):
        logits = (rows @ weights.T).float()
        loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum") / len(features)
        loss.backward()
        total += loss.detach()
    return total


def in_blocks(features, weights, labels):
    """Return the mean loss, a block of classes at a time, with a running maximum and sum over the blocks."""
    import torch

    starts, rows = range(0, len(weights), BLOCK), torch.arange(len(features), device=features.device)
    with torch.no_grad():
        top = torch.full((len(features),), -torch.inf, device=features.device)
        total = torch.zeros_like(top)
        for start in starts:
            logits = (features @ weights[start : start + BLOCK].T).float()
            before, top = top, torch.maximum(top, logits.amax(dim=1))
            total = total * (before - top).exp() + (logits - top[:, None]).exp().sum(dim=1)
        lse = top + total.log()
        picked = (features.float() * weights[labels].float()).sum(dim=1)
        features.grad, weights.grad = torch.zeros_like(features), torch.zeros_like(weights)
        for start in starts:
            block = weights[start : start + BLOCK]
            error = ((features @ block.T).float() - lse[:, None]).exp()
            here = (labels >= start) & (labels < start + BLOCK)
            error[rows[here], labels[here] - start] -= 1
            error = (error / len(features)).to(features.dtype)
            features.grad += error @ block
            weights.grad[start : start + BLOCK] = error.T @ features
    return (lse - picked).mean()


def measured(method, classes):
    """Return the milliseconds, the memory in MiB and the loss of one method."""
    import torch

    torch.manual_seed(0)
    made = {"device": "cuda", "dtype": torch.bfloat16}
    features = torch.randn(ROWS, WIDTH, **made).requires_grad_()
    weights = (torch.randn(classes, WIDTH, **made) / WIDTH**0.5).requires_grad_()
    labels = torch.randint(classes, (ROWS,), device="cuda")
    method(features, weights, labels)  # compiles, and makes the gradients
    before, seconds = torch.cuda.memory_allocated(), []
    for _ in range(TIMES):
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.synchronize()
        start = time.perf_counter()
        loss = method(features, weights, labels)
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    extra = (torch.cuda.max_memory_allocated() - before) / 2**20
    return {"ms": round(1000 * statistics.median(seconds), 1), "mib": round(extra), "loss": round(float(loss), 4)}


def main():
    """Print the measurements as JSON; end with a sentence where there is no GPU."""
    try:
        import torch
    except ImportError:
        sys.exit("PyTorch is not installed; it is no part of the course. See https://pytorch.org/get-started/")
    if not torch.cuda.is_available():
        sys.exit("PyTorch finds no NVIDIA GPU here.")
    methods = {
        "float32 logits": whole,
        "bf16 logits": lambda *given: whole(*given, dtype="bfloat16"),
        "compiled": torch.compile(whole),
        f"chunks of {CHUNK} tokens": in_chunks,
        f"blocks of {BLOCK} classes": in_blocks,
    }
    results = [
        {"method": name, "classes": classes, **measured(method, classes)}
        for classes in CLASSES
        for name, method in methods.items()
    ]
    found = {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "device": torch.cuda.get_device_name(),
        "versions": {"torch": torch.__version__},
        "dtype": "bfloat16 features and weights",
        "rows": ROWS,
        "width": WIDTH,
        "what": "forward and backward; median of three; memory beyond weights, features and their gradients",
        "results": results,
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
