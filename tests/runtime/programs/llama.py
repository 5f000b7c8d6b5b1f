# mypy: disable-error-code="no-any-return,no-untyped-call"
"""A model of the shape of Llama 70B in plain torch, and a training loop."""

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDE, HEADS, KV, FFN, LAYERS, WORDS = 8192, 64, 8, 28672, 80, 32000


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


def rotated(x: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    rates = 10000.0 ** (-torch.arange(half, device=x.device) / half)
    angles = torch.outer(torch.arange(x.shape[2], device=x.device), rates)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        size = WIDE // HEADS
        self.q_proj = nn.Linear(WIDE, HEADS * size, bias=False)
        self.k_proj = nn.Linear(WIDE, KV * size, bias=False)
        self.v_proj = nn.Linear(WIDE, KV * size, bias=False)
        self.o_proj = nn.Linear(HEADS * size, WIDE, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        b, t, _ = x.shape
        q = rotated(self.q_proj(x).view(b, t, HEADS, -1).transpose(1, 2))
        k = rotated(self.k_proj(x).view(b, t, KV, -1).transpose(1, 2))
        v = self.v_proj(x).view(b, t, KV, -1).transpose(1, 2)
        k, v = (each.repeat_interleave(HEADS // KV, 1) for each in (k, v))
        out = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(out.transpose(1, 2).reshape(b, t, -1))


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.before, self.attention = Norm(WIDE), Attention()
        self.after = Norm(WIDE)
        self.gate_proj = nn.Linear(WIDE, FFN, bias=False)
        self.up_proj = nn.Linear(WIDE, FFN, bias=False)
        self.down_proj = nn.Linear(FFN, WIDE, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.before(x))
        y = self.after(x)
        return x + self.down_proj(functional.silu(self.gate_proj(y)) * self.up_proj(y))


class Llama(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDE)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = Norm(WIDE)
        self.head = nn.Linear(WIDE, WORDS, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


if __name__ == "__main__":
    torch.manual_seed(0)
    model = Llama().to(torch.bfloat16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=1000)
    for _ in range(1000):
        ids = torch.randint(0, WORDS, (4, 4097))
        logits = model(ids[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        print(f"loss {loss.item():.3f}")
