//! Small models of every family, for tests.

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

use super::level::Level;
use super::model::Model;
use super::packed::Packed;
use super::weights::{Layer, Weights};
use crate::llama::Config;

pub(super) const FAMILIES: [&str; 4] = ["llama", "qwen2", "qwen3", "gemma3"];

/// A model of that family with random weights in several formats.
pub(super) fn model(family: &str, vocab: usize) -> Model {
    let config = Config::small(family, vocab);
    let mut random = Random(family.len() as u32);
    let embeddings = random.matrix(vocab, config.embed, GgmlDType::Q8_0);
    let layers = (0..config.layers).map(|_| random.layer(&config)).collect();
    let norm = random.vector(config.embed);
    Model::new(config, Weights::tied(embeddings, layers, norm), Level::GENERIC)
}

struct Random(u32);

impl Random {
    fn numbers(&mut self, count: usize) -> Vec<f32> {
        let next = || {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    fn vector(&mut self, length: usize) -> Vec<f32> {
        let mut values: Vec<f32> = self.numbers(length).iter().map(|value| 1.0 + value / 4.0).collect();
        values.resize(length.next_multiple_of(16), 0.0);
        values
    }

    fn matrix(&mut self, rows: usize, columns: usize, dtype: GgmlDType) -> Packed {
        let source = Tensor::from_vec(self.numbers(rows * columns), (rows, columns), &Device::Cpu).unwrap();
        let tensor = QTensor::quantize(&source, dtype).unwrap();
        Packed::new(dtype, rows, columns, &tensor.data().unwrap()).unwrap()
    }

    fn layer(&mut self, config: &Config) -> Layer {
        let (query, kv) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
        Layer {
            attention_norm: self.vector(config.embed),
            query: self.matrix(query, config.embed, GgmlDType::Q4_1),
            key: self.matrix(kv, config.embed, GgmlDType::Q5_0),
            value: self.matrix(kv, config.embed, GgmlDType::Q8_0),
            output: self.matrix(config.embed, query, GgmlDType::Q4_0),
            query_bias: config.attention_bias.then(|| self.vector(query)),
            key_bias: config.attention_bias.then(|| self.vector(kv)),
            value_bias: config.attention_bias.then(|| self.vector(kv)),
            query_norm: config.head_norms.then(|| self.vector(config.head_dim)),
            key_norm: config.head_norms.then(|| self.vector(config.head_dim)),
            attention_post: config.post_norms.then(|| self.vector(config.embed)),
            mlp_norm: self.vector(config.embed),
            gate: self.matrix(config.ffn, config.embed, GgmlDType::Q4_1),
            up: self.matrix(config.ffn, config.embed, GgmlDType::Q5_1),
            down: self.matrix(config.embed, config.ffn, GgmlDType::F16),
            mlp_post: config.post_norms.then(|| self.vector(config.embed)),
        }
    }
}
