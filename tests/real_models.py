"""Architectures of real models in a few lines each, after their papers, and the Jacobians they have."""

import copy
import math

import torch
from torch import nn


def exact(function, x):
    """Jacobian of a function of one tensor as a matrix, in double precision."""
    jacobian = torch.func.jacrev(function)(x)
    return jacobian.reshape(-1, x.numel()).detach().double().numpy()


def doubled(module):
    """A copy in double precision."""
    return copy.deepcopy(module).double()


class PreLN(nn.Module):
    """x + W₂ GELU(W₁ LN(x)) (Xiong et al. 2020)."""

    def __init__(self, n, h=4):
        super().__init__()
        self.n, self.a, self.b = nn.LayerNorm(n), nn.Linear(n, h * n), nn.Linear(h * n, n)

    def forward(self, x):
        return x + self.b(nn.functional.gelu(self.a(self.n(x))))


class Conv1D(nn.Module):
    """The linear layer of GPT-2: weights of shape (fan_in, fan_out), by torch.addmm."""

    def __init__(self, fan_out, fan_in):
        super().__init__()
        self.weight, self.bias = nn.Parameter(0.02 * torch.randn(fan_in, fan_out)), nn.Parameter(torch.zeros(fan_out))

    def forward(self, x):
        flat = torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight)
        return flat.view(*x.shape[:-1], self.weight.shape[1])


class CausalAttention(nn.Module):
    def __init__(self, n, heads):
        super().__init__()
        self.heads, self.c_attn, self.c_proj = heads, Conv1D(3 * n, n), Conv1D(n, n)

    def forward(self, x, mask=None):
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in self.c_attn(x).chunk(3, -1))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        seen = torch.ones(x.shape[1], x.shape[1]).tril().bool()
        if mask is not None:
            seen = seen & mask[:, None, None].bool()
        out = scores.masked_fill(~seen, -torch.inf).softmax(-1) @ v
        return self.c_proj(out.transpose(1, 2).flatten(2))


class GPTBlock(nn.Module):
    def __init__(self, n, heads):
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(n), CausalAttention(n, heads), nn.LayerNorm(n)
        self.c_fc, self.c_proj = Conv1D(4 * n, n), Conv1D(n, 4 * n)

    def forward(self, x, mask=None):
        x = x + self.attn(self.ln_1(x), mask)
        return x + self.c_proj(nn.functional.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class GPT(nn.Module):
    """GPT-2 (Radford et al. 2019): pre-norm, causal, tied embeddings; a dictionary as the output."""

    def __init__(self, n=24, depth=3, heads=4, words=40, scaled=True):
        super().__init__()
        self.wte, self.wpe, self.drop = nn.Embedding(words, n), nn.Embedding(16, n), nn.Dropout(0.1)
        self.h, self.ln_f = nn.ModuleList(GPTBlock(n, heads) for _ in range(depth)), nn.LayerNorm(n)
        for embedding in (self.wte, self.wpe):
            nn.init.normal_(embedding.weight, 0.0, 0.02)
        if scaled:
            for name, p in self.named_parameters():
                if name.endswith("c_proj.weight"):
                    p.data /= math.sqrt(2 * depth)

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None):
        x = self.wte(input_ids.view(-1, input_ids.shape[-1])) if inputs_embeds is None else inputs_embeds
        x = self.drop(x + self.wpe(torch.arange(x.shape[1])))
        for block in self.h:
            x = block(x, attention_mask)
        x = self.ln_f(x)
        return {"loss": None, "hidden": x, "logits": nn.functional.linear(x, self.wte.weight)}


class RMSNorm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class LlamaBlock(nn.Module):
    """RMSNorm, rotary attention with grouped keys, SwiGLU (Touvron et al. 2023)."""

    def __init__(self, n, heads, groups):
        super().__init__()
        self.d, self.heads, self.groups = n // heads, heads, groups
        self.norm_1, self.norm_2 = RMSNorm(n), RMSNorm(n)
        self.q, self.o = nn.Linear(n, n, bias=False), nn.Linear(n, n, bias=False)
        self.kv = nn.Linear(n, 2 * groups * self.d, bias=False)
        self.gate, self.up = nn.Linear(n, 2 * n, bias=False), nn.Linear(n, 2 * n, bias=False)
        self.down = nn.Linear(2 * n, n, bias=False)

    def rotate(self, x):
        half = self.d // 2
        angles = torch.outer(torch.arange(x.shape[-2]), 10.0 ** (-torch.arange(half) / half))
        c, s = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        a, b = x[..., :half], x[..., half:]
        return torch.cat([a * c - b * s, a * s + b * c], -1)

    def forward(self, x):
        y = self.norm_1(x)
        q = self.rotate(self.q(y).unflatten(-1, (self.heads, self.d)).transpose(1, 2))
        k, v = self.kv(y).unflatten(-1, (2, self.groups, self.d)).permute(2, 0, 3, 1, 4)
        repeats = self.heads // self.groups
        k, v = self.rotate(k).repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        x = x + self.o(nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        y = self.norm_2(x)
        return x + self.down(nn.functional.silu(self.gate(y)) * self.up(y))


class MixerBlock(nn.Module):
    """Tokens are mixed, then channels (Tolstikhin et al. 2021)."""

    def __init__(self, tokens, n):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(n), nn.LayerNorm(n)
        self.tokens = nn.Sequential(nn.Linear(tokens, 2 * tokens), nn.GELU(), nn.Linear(2 * tokens, tokens))
        self.channels = nn.Sequential(nn.Linear(n, 2 * n), nn.GELU(), nn.Linear(2 * n, n))

    def forward(self, x):
        x = x + self.tokens(self.norm_1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm_2(x))


class ViTBlock(nn.Module):
    """Pre-norm block of a vision transformer (Dosovitskiy et al. 2021)."""

    def __init__(self, n, heads):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(n), nn.LayerNorm(n)
        self.attn = nn.MultiheadAttention(n, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(n, 2 * n), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * n, n))

    def forward(self, x):
        y = self.norm_1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm_2(x))


class Patches(nn.Module):
    """An image as tokens: patches, a class token, positions."""

    def __init__(self, n, patch, count, tokened=True):
        super().__init__()
        self.project = nn.Conv2d(3, n, patch, patch)
        self.cls = nn.Parameter(torch.randn(1, 1, n)) if tokened else None
        self.positions = nn.Parameter(0.02 * torch.randn(1, count + tokened, n))

    def forward(self, x):
        x = self.project(x).flatten(2).transpose(1, 2)
        if self.cls is not None:
            x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1)
        return x + self.positions


class FirstToken(nn.Module):
    def forward(self, x):
        return x[:, 0]


def vit(n=12, depth=2):
    blocks = nn.Sequential(*(ViTBlock(n, 3) for _ in range(depth)))
    return nn.Sequential(Patches(n, 4, 4), blocks, nn.LayerNorm(n), FirstToken(), nn.Linear(n, 5))


def mixer(n=12, depth=2):
    blocks = nn.Sequential(*(MixerBlock(4, n) for _ in range(depth)))
    return nn.Sequential(Patches(n, 4, 4, tokened=False), blocks, nn.LayerNorm(n))


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, LayerNorm over channels, LayerScale (Liu et al. 2022)."""

    def __init__(self, c):
        super().__init__()
        self.deep, self.norm = nn.Conv2d(c, c, 3, padding=1, groups=c), nn.LayerNorm(c)
        self.up, self.down, self.scale = nn.Linear(c, 4 * c), nn.Linear(4 * c, c), nn.Parameter(torch.full((c,), 0.1))

    def forward(self, x):
        y = self.norm(self.deep(x).permute(0, 2, 3, 1))
        return x + (self.scale * self.down(nn.functional.gelu(self.up(y)))).permute(0, 3, 1, 2)


def convnext(c=6):
    return nn.Sequential(
        nn.Conv2d(3, c, 2, 2), *(ConvNeXtBlock(c) for _ in range(2)), nn.Flatten(), nn.Linear(c * 16, 7)
    )


class BasicBlock(nn.Module):
    """Two convolutions with BatchNorm and a skip connection that may be a convolution (He et al. 2016)."""

    def __init__(self, before, after, stride=1):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.conv2, self.bn2 = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        self.down = None
        if stride > 1:
            self.down = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.down is None else self.down(x)
        return self.relu(out)


def resnet(c=4):
    stem = nn.Sequential(nn.Conv2d(3, c, 3, 1, 1), nn.BatchNorm2d(c), nn.ReLU(inplace=True))
    blocks = [BasicBlock(c, c), BasicBlock(c, 2 * c, 2), BasicBlock(2 * c, 2 * c)]
    net = nn.Sequential(stem, *blocks, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(8 * c, 5))
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_var.uniform_(0.5, 1.5)
            m.num_batches_tracked.fill_(1)
    return net.eval()


class BERT(nn.Module):
    """Post-norm encoder on tokens (Devlin et al. 2019); a tuple as the output."""

    def __init__(self, n=12, depth=2):
        super().__init__()
        self.words, self.positions, self.norm = nn.Embedding(30, n), nn.Embedding(16, n), nn.LayerNorm(n)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(n, 3, 2 * n, 0.1, "gelu", batch_first=True) for _ in range(depth)
        )
        self.pooler = nn.Linear(n, n)

    def forward(self, ids, attention_mask=None):
        x = self.norm(self.words(ids) + self.positions(torch.arange(ids.shape[1])))
        padding = None if attention_mask is None else attention_mask == 0
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=padding)
        return x, torch.tanh(self.pooler(x[:, 0]))


class Unrolled(nn.Module):
    """A recurrent cell from its first state to its last, on inputs of its own."""

    def __init__(self, cell, size, steps):
        super().__init__()
        self.cell = cell
        self.register_buffer("inputs", torch.randn(steps, 1, size))

    def forward(self, h):
        state = (h, torch.zeros_like(h)) if isinstance(self.cell, nn.LSTMCell) else h
        for x in self.inputs:
            state = self.cell(x, state)
        return state[0] if isinstance(state, tuple) else state
