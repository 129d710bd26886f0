//! Encoders of the BERT family: every position looks at all others, and the mean of their states is the answer.
//!
//! As in the language models, each text is computed by itself, whatever stands beside it in the batch.

use candle_core::quantized::GgmlDType;
use candle_core::safetensors::SliceSafetensors;
use candle_core::{DType, Device};
use candle_transformers::models::bert::{Config, HiddenAct};
use rayon::prelude::*;

use super::attention::{self, Place};
use super::buffers::Buffers;
use super::cache::{Layout, Sequence};
use super::lanes::{self, LANES};
use super::level::{Level, leveled};
use super::model::add_bias;
use super::packed::{Operand, Packed, multiply};
use super::rows::{Rows, activate};

/// Tokens whose activations fit a core's second cache. Groups of so many are computed side by side; in larger ones a core would
/// wait for the memory.
const GROUP: usize = 128;

/// An encoder on the processor.
#[derive(Debug)]
pub(crate) struct Bert {
    level: Level,
    width: usize,
    heads: usize,
    epsilon: f32,
    act: HiddenAct,
    vocab: usize,
    positions: usize,
    /// `[vocabulary][width]`
    words: Vec<f32>,
    /// `[positions][width]`, the embedding of the first kind of token added.
    places: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    /// Working memory, which is kept: of one group for each core.
    buffers: Buffers,
}

#[derive(Debug)]
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Debug)]
struct Linear {
    weight: Packed,
    bias: Vec<f32>,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    norm: Norm,
}

impl Bert {
    /// Reads the weights of a safetensors file; says what is wrong with them if it cannot.
    pub(crate) fn load(bytes: &[u8], config: &Config, level: Level) -> Result<Self, String> {
        let source = Source { tensors: SliceSafetensors::new(bytes).map_err(first_line)? };
        let (width, wide) = (config.hidden_size, config.intermediate_size);
        let embedding = |name: &str, rows: usize| {
            source.numbers(&format!("embeddings.{name}_embeddings.weight"), &[rows, width])
        };
        let kinds = embedding("token_type", config.type_vocab_size)?;
        let mut places = embedding("position", config.max_position_embeddings)?;
        for place in places.chunks_mut(width) {
            place.iter_mut().zip(&kinds).for_each(|(sum, kind)| *sum += kind);
        }
        let layers = (0..config.num_hidden_layers).map(|index| {
            let linear = |name: &str, rows: usize, columns: usize| {
                source.linear(&format!("encoder.layer.{index}.{name}"), rows, columns)
            };
            let norm = |name: &str| source.norm(&format!("encoder.layer.{index}.{name}"), width);
            Ok(Layer {
                query: linear("attention.self.query", width, width)?,
                key: linear("attention.self.key", width, width)?,
                value: linear("attention.self.value", width, width)?,
                output: linear("attention.output.dense", width, width)?,
                attention_norm: norm("attention.output.LayerNorm")?,
                up: linear("intermediate.dense", wide, width)?,
                down: linear("output.dense", width, wide)?,
                norm: norm("output.LayerNorm")?,
            })
        });
        Ok(Bert {
            level,
            width,
            heads: config.num_attention_heads,
            epsilon: config.layer_norm_eps as f32,
            act: config.hidden_act,
            vocab: config.vocab_size,
            positions: config.max_position_embeddings,
            words: embedding("word", config.vocab_size)?,
            places,
            norm: source.norm("embeddings.LayerNorm", width)?,
            layers: layers.collect::<Result<_, String>>()?,
            buffers: Buffers::default(),
        })
    }

    /// The same encoder with other instructions.
    #[cfg(test)]
    pub(super) fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// The mean state of each text.
    pub(crate) fn forward(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, String> {
        let made: Result<Vec<_>, String> =
            groups(texts).into_par_iter().map(|texts| self.forward_group(texts)).collect();
        Ok(made?.into_iter().flatten().collect())
    }

    fn forward_group(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, String> {
        let mut hidden = self.embed(texts)?;
        let layout = Layout::new(1, self.heads, self.width / self.heads);
        let mut memories: Vec<Sequence> = texts.iter().map(|_| Sequence::new(layout)).collect();
        memories.iter_mut().zip(texts).for_each(|(memory, text)| memory.reserve(text.len()));
        for layer in &self.layers {
            let attended = self.attend(layer, &hidden, texts, &mut memories)?;
            self.add_normed(&mut hidden, &layer.output, &attended, &layer.attention_norm);
            let [mut wide] = multiply(&mut Operand::new(self.level, &hidden), [&layer.up.weight]);
            activate(self.level, &mut wide, &layer.up.bias, self.act);
            self.add_normed(&mut hidden, &layer.down, &wide, &layer.norm);
        }
        let mut first = 0;
        let means = texts.iter().map(|text| {
            first += text.len();
            self.mean(&hidden, first - text.len()..first)
        });
        Ok(means.collect())
    }

    fn embed(&self, texts: &[Vec<u32>]) -> Result<Rows, String> {
        let mut hidden = Rows::zeros(&self.buffers, texts.iter().map(Vec::len).sum(), self.width);
        let mut row = 0;
        let mut sum = vec![0.0; self.width];
        for text in texts {
            if text.is_empty() || text.len() > self.positions {
                return Err(format!("a text of {} tokens, 1 to {} are possible", text.len(), self.positions));
            }
            for (position, token) in text.iter().enumerate() {
                let token = *token as usize;
                if token >= self.vocab {
                    return Err(format!("token {token} is outside the vocabulary of {}", self.vocab));
                }
                let word = &self.words[token * self.width..][..self.width];
                let place = &self.places[position * self.width..][..self.width];
                sum.iter_mut().zip(word.iter().zip(place)).for_each(|(sum, (a, b))| *sum = a + b);
                hidden.write(row, 0, &sum);
                row += 1;
            }
        }
        normalise(self.level, &mut hidden, &self.norm.weight, &self.norm.bias, self.epsilon);
        Ok(hidden)
    }

    /// `hidden = norm(hidden + linear(x))`
    fn add_normed(&self, hidden: &mut Rows, linear: &Linear, x: &Rows, norm: &Norm) {
        let [more] = multiply(&mut Operand::new(self.level, x), [&linear.weight]);
        add(self.level, hidden, &more, &linear.bias);
        normalise(self.level, hidden, &norm.weight, &norm.bias, self.epsilon);
    }

    fn attend(
        &self,
        layer: &Layer,
        x: &Rows,
        texts: &[Vec<u32>],
        memories: &mut [Sequence],
    ) -> Result<Rows, String> {
        let matrices = [&layer.query, &layer.key, &layer.value];
        let mut made = multiply(&mut Operand::new(self.level, x), matrices.map(|linear| &linear.weight));
        made.iter_mut().zip(matrices).for_each(|(rows, linear)| add_bias(rows, &linear.bias));
        let [query, keys, values] = made;
        let dim = self.width / self.heads;
        let (mut key, mut value) = (vec![0.0; dim], vec![0.0; dim]);
        let mut row = 0;
        let mut jobs = Vec::new();
        for (text, memory) in texts.iter().zip(memories.iter_mut()) {
            jobs.extend((0..self.heads).map(|head| (row, text.len(), head)));
            for position in 0..text.len() {
                for head in 0..self.heads {
                    keys.read(row, head * dim, &mut key);
                    values.read(row, head * dim, &mut value);
                    memory.put((0, head, position), &key, &value).map_err(|error| error.to_string())?;
                }
                row += 1;
            }
        }
        let memories = &*memories;
        let scale = 1.0 / (dim as f32).sqrt();
        let padded = dim.div_ceil(LANES) * LANES;
        // The queries of all positions of a text read the same keys.
        let made: Vec<Vec<f32>> = jobs
            .par_iter()
            .enumerate()
            .map(|(at, (first, count, head))| {
                let mut queries = vec![0.0; count * padded];
                for (position, buffer) in queries.chunks_mut(padded).enumerate() {
                    query.read(first + position, head * dim, &mut buffer[..dim]);
                    buffer.iter_mut().for_each(|value| *value *= scale);
                }
                let place = Place { layer: 0, head: *head, first: 0, last: count - 1, dim };
                let mut out = vec![0.0; count * padded];
                let memory = &memories[at / self.heads];
                attention::attend(self.level, memory, place, &queries, &mut out, &mut Vec::new());
                out
            })
            .collect();
        let mut attended = Rows::zeros(x.buffers(), x.count, self.width);
        for ((first, _, head), out) in jobs.iter().zip(&made) {
            for (position, values) in out.chunks(padded).enumerate() {
                attended.write(first + position, head * dim, &values[..dim]);
            }
        }
        Ok(attended)
    }

    /// The mean of some rows, added up from first to last.
    fn mean(&self, x: &Rows, rows: std::ops::Range<usize>) -> Vec<f32> {
        let (mut sum, mut values) = (vec![0.0; self.width], vec![0.0; self.width]);
        let count = rows.len() as f32;
        for row in rows {
            x.read(row, 0, &mut values);
            sum.iter_mut().zip(&values).for_each(|(sum, value)| *sum += value);
        }
        sum.iter_mut().for_each(|sum| *sum /= count);
        sum
    }
}

/// Texts that are computed together: neighbours of at most [`GROUP`] tokens, or one longer text. Which they are does not change
/// what comes out.
fn groups(texts: &[Vec<u32>]) -> Vec<&[Vec<u32>]> {
    let (mut groups, mut rest) = (Vec::new(), texts);
    while !rest.is_empty() {
        let mut tokens = 0_usize;
        let fitting = rest.iter().take_while(|text| {
            tokens += text.len();
            tokens <= GROUP
        });
        let (group, others) = rest.split_at(fitting.count().max(1));
        groups.push(group);
        rest = others;
    }
    groups
}

leveled! {
    /// `x + (y + bias)` in place of `x`.
    fn add(x: &mut Rows, y: &Rows, bias: &[f32]) {
        for (chunk, bias) in bias.as_chunks::<LANES>().0.iter().enumerate() {
            for row in 0..x.count {
                let (lanes, more) = (x.lanes_mut(row, chunk), y.lanes(row, chunk));
                for lane in 0..LANES {
                    lanes[lane] += more[lane] + bias[lane];
                }
            }
        }
    }
}

leveled! {
    /// Normalisation of every row to mean 0 and variance 1, then weight and bias.
    fn normalise(x: &mut Rows, weight: &[f32], bias: &[f32], epsilon: f32) {
        let width = x.width();
        for row in 0..x.count {
            let mut sums = [0.0; LANES];
            for chunk in 0..x.chunks() {
                let lanes = x.lanes(row, chunk);
                for lane in 0..LANES {
                    sums[lane] += lanes[lane];
                }
            }
            let mean = lanes::sum(sums) / width as f32;
            let mut squares = [0.0; LANES];
            for chunk in 0..x.chunks() {
                let lanes = x.lanes(row, chunk);
                for lane in 0..LANES {
                    let inside = chunk * LANES + lane < width;
                    let distance = if inside { lanes[lane] - mean } else { 0.0 };
                    squares[lane] = distance.mul_add(distance, squares[lane]);
                }
            }
            let scale = 1.0 / (lanes::sum(squares) / width as f32 + epsilon).sqrt();
            let parameters = weight.as_chunks::<LANES>().0.iter().zip(bias.as_chunks::<LANES>().0);
            for (chunk, (weight, bias)) in parameters.enumerate() {
                let lanes = x.lanes_mut(row, chunk);
                for lane in 0..LANES {
                    // Beyond the width both are zero.
                    lanes[lane] = ((lanes[lane] - mean) * scale).mul_add(weight[lane], bias[lane]);
                }
            }
        }
    }
}

/// The tensors of a file, each read when it is asked for.
struct Source<'a> {
    tensors: SliceSafetensors<'a>,
}

impl Source<'_> {
    /// The name that the file has for a tensor: some put the family's name in front.
    fn find(&self, name: &str) -> Option<String> {
        [name.to_owned(), format!("bert.{name}")].into_iter().find(|name| self.tensors.get(name).is_ok())
    }

    fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let found = self.find(name).ok_or_else(|| format!("tensor `{name}` is missing"))?;
        let tensor = self.tensors.load(&found, &Device::Cpu).map_err(first_line)?;
        if tensor.dims() != shape {
            let found = tensor.dims();
            return Err(format!("tensor `{name}` has shape {found:?}, the configuration asks for {shape:?}"));
        }
        let numbers = tensor.to_dtype(DType::F32).and_then(|tensor| tensor.flatten_all()?.to_vec1());
        numbers.map_err(first_line)
    }

    /// A vector with zeros up to a whole number of lanes.
    fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, String> {
        let mut values = self.numbers(name, &[length])?;
        values.resize(length.next_multiple_of(LANES), 0.0);
        Ok(values)
    }

    fn linear(&self, name: &str, rows: usize, columns: usize) -> Result<Linear, String> {
        let weights = self.numbers(&format!("{name}.weight"), &[rows, columns])?;
        let bytes: Vec<u8> = weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        let weight = Packed::new(GgmlDType::F32, rows, columns, &bytes)?;
        Ok(Linear { weight, bias: self.vector(&format!("{name}.bias"), rows)? })
    }

    fn norm(&self, name: &str, width: usize) -> Result<Norm, String> {
        // Files that were made by older programs have other names.
        let older = self.find(&format!("{name}.gamma")).is_some();
        let (weight, bias) = if older { ("gamma", "beta") } else { ("weight", "bias") };
        Ok(Norm {
            weight: self.vector(&format!("{name}.{weight}"), width)?,
            bias: self.vector(&format!("{name}.{bias}"), width)?,
        })
    }
}

fn first_line(error: candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
