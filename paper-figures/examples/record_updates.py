"""Records what an optimizer did to one weight matrix, for `heavynorm certify` (needs PyTorch and numpy).

    heavynorm certify --momentum S.npy --update X.npy

S must be the actual input of the map that is examined: the momentum after Nesterov's look-ahead, before any
orthogonalisation, sign or normalisation. X must be what was added to the weights, learning rate and sign included,
without the weight decay. Three lines in the optimizer's own `step` are the best record (see `Recorder.record`);
`watch` below is the way without touching its code, for the common form

    buf = lerp(buf, grad, 1 - beta)                    (or buf = beta buf + grad)
    s   = lerp(grad, buf, beta) if nesterov else buf   (or s = grad + beta buf)
    w  -= lr weight_decay w;  w -= lr map(s)
"""

import numpy as np
import torch


class Recorder:
    def __init__(self):
        self.momenta, self.updates = [], []

    def record(self, s, x):
        """Inside an optimizer: `recorder.record(s, -lr * scale * direction)`."""
        self.momenta.append(s.detach().to("cpu", torch.float32).numpy().copy())
        self.updates.append(x.detach().to("cpu", torch.float32).numpy().copy())

    def save(self, momentum="S.npy", update="X.npy"):
        np.save(momentum, np.ascontiguousarray(np.stack(self.momenta)))
        np.save(update, np.ascontiguousarray(np.stack(self.updates)))


class watch:
    """Wraps one optimizer step: `with watch(recorder, optimizer, weight, key="momentum_buffer"): optimizer.step()`.

    `lerp` says how the buffer is formed: True for buf = beta buf + (1 - beta) grad, False for buf = beta buf + grad.
    The update is a difference of weights here and has lost the digits that they share: state
    `--precision` as about 1e-7 |W|/|X| (float32), or record inside the optimizer. Convolutions: pass the reshaped
    (out, in k k) matrix that the optimizer works on.
    """

    def __init__(self, recorder, optimizer, weight, key="momentum_buffer", lerp=True):
        self.recorder, self.optimizer, self.weight, self.key, self.lerp = recorder, optimizer, weight, key, lerp

    def __enter__(self):
        # In double precision: the subtraction itself must not lose more.
        self.before = self.weight.detach().to(torch.float64).clone()
        self.gradient = self.weight.grad.detach().to(torch.float64).clone()
        self.group = next(
            g for g in self.optimizer.param_groups if any(p is self.weight for p in g["params"])
        )
        self.lr, self.decay = float(self.group["lr"]), float(self.group.get("weight_decay", 0.0))

    def __exit__(self, kind, *_):
        if kind is not None:
            return
        buffer = self.optimizer.state[self.weight][self.key].detach().to(torch.float64)
        beta = self.group.get("momentum", self.group.get("betas", (0.0,))[0])
        s = buffer
        if self.group.get("nesterov", False):
            s = beta * buffer + (1 - beta) * self.gradient if self.lerp else self.gradient + beta * buffer
        # Decoupled weight decay took lr * decay * W off the weights; it is no part of the map.
        x = self.weight.detach().to(torch.float64) - self.before + self.lr * self.decay * self.before
        self.recorder.record(s, x)


if __name__ == "__main__":
    # A toy layer under SGD with Nesterov momentum: every update is a multiple of S, the LMO of the Frobenius norm.
    torch.manual_seed(0)
    layer = torch.nn.Linear(24, 16, bias=False)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    recorder = Recorder()
    for _ in range(6):
        optimizer.zero_grad()
        layer(torch.randn(32, 24)).square().mean().backward()
        with watch(recorder, optimizer, layer.weight, lerp=False):
            optimizer.step()
    recorder.save()
