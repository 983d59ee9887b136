"""The ways in which people run the same PyTorch code."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Kind:
    """`eager` (f32), `channels_last` (eager, weights laid out for oneDNN and cuDNN), `compile`, `bf16` (autocast)."""

    name: str

    def wrap(self, function):
        return torch.compile(function) if self.name == "compile" else function

    def autocast(self, device: str):
        return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=self.name == "bf16")

    def lay_out(self, net):
        # Convolutions follow the layout of their weights.
        return net.to(memory_format=torch.channels_last) if self.name == "channels_last" else net

    @property
    def warm_up(self) -> int:
        """Runs before the first that counts; a compiled function may be compiled a second time."""
        return 3 if self.name == "compile" else 1


def multiply_in(precision: str) -> None:
    """How a GPU multiplies float32: `f32` without TF32, `tf32` with it, in cuBLAS and cuDNN alike. Opposite our `bf16` it
    stays as PyTorch has it: TF32 in cuDNN alone."""
    if precision in ("f32", "tf32"):
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"


def kind_of(request: dict) -> Kind:
    """`kind` of a request, and the process set to its `precision`, ours (f32): before anything is compiled."""
    name = request.get("kind", "eager")
    if name not in ("eager", "channels_last", "compile", "bf16"):
        raise ValueError(f"no kind '{name}': eager, channels_last, compile or bf16")
    multiply_in(request.get("precision", "f32"))
    return Kind(name)
