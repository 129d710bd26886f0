"""llama.cpp through its Python package, as the generators of reference vectors use it.

    script/setup.sh llama
    .venv/bin/python test/vectors/engine/families.py     # and gemma3.py, tokenizers.py
"""

import ctypes
from importlib.metadata import version

import llama_cpp
import numpy

SOURCE = f"llama.cpp through llama-cpp-python {version('llama-cpp-python')}"


@llama_cpp.llama_log_callback
def _quiet(_level, _text, _data):
    pass


class Llama:
    """A model, or with `vocabulary` alone its tokenizer. Keys and values are kept in 32 bits, without fused attention."""

    def __init__(self, path, vocabulary=False, context=1024):
        llama_cpp.llama_log_set(_quiet, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = vocabulary
        # Weights as the file has them, not rearranged: other kernels round activations otherwise.
        params.use_extra_bufts = False
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        assert self.model, f"llama.cpp cannot load {path}"
        self.vocab = llama_cpp.llama_model_get_vocab(self.model)
        if vocabulary:
            return
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = context
        params.n_threads = params.n_threads_batch = 2
        params.type_k = params.type_v = llama_cpp.GGML_TYPE_F32
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.context = llama_cpp.llama_init_from_model(self.model, params)
        assert self.context

    def tokenize(self, text, begin=False):
        raw = text.encode()
        ids = (llama_cpp.llama_token * (len(raw) + 8))()
        count = llama_cpp.llama_tokenize(self.vocab, raw, len(raw), ids, len(ids), begin, False)
        assert count >= 0, text
        return list(ids[:count])

    def logits(self, ids):
        """The logits after every one of these tokens, computed as one prompt."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        return self.more(ids, 0)

    def more(self, ids, first):
        """The logits after tokens that follow `first` others."""
        batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for at, token in enumerate(ids):
            batch.token[at] = token
            batch.pos[at] = first + at
            batch.n_seq_id[at] = 1
            batch.seq_id[at][0] = 0
            batch.logits[at] = True
        assert llama_cpp.llama_decode(self.context, batch) == 0
        size = llama_cpp.llama_vocab_n_tokens(self.vocab)
        rows = [
            numpy.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, at), (size,)).copy()
            for at in range(len(ids))
        ]
        llama_cpp.llama_batch_free(batch)
        return rows

    def greedy(self, prompt, count):
        """The likeliest tokens after a prompt, and by how much each leads the second, in log-probability."""
        row = self.logits(prompt)[-1]
        tokens, gaps = [], []
        for at in range(count):
            second, first = numpy.partition(row, -2)[-2:]
            tokens.append(int(row.argmax()))
            gaps.append(round(float(first - second), 4))
            if at + 1 < count:
                row = self.more(tokens[-1:], len(prompt) + at)[-1]
        return tokens, gaps
