use super::backend::Backend;
use crate::gadgets::{Part, argmax, bind, max, range, requantise};
use crate::model::{Interval, Layer, Model};

/// The public input at index 1 is the statement; the bytes follow.
const FIRST_CHUNK: usize = 2;

/// Describes the circuit: input bytes are ranged, layers applied, and both ends bound to the public inputs. The weights
/// are constants, so linear layers are bookkeeping and cost nothing.
pub(super) fn synthesise<B: Backend>(model: &Model, bounds: &[Vec<Interval>], backend: &mut B) {
    let input: Vec<B::Wire> = (0..model.input().len())
        .map(|index| {
            let byte = backend.input(index);
            range(backend, &byte, 8);
            byte
        })
        .collect();
    let mut wires = input.clone();
    let mut summed = false;
    for ((layer, from, to), before) in model.steps().zip(bounds) {
        // Sums of sums would multiply the terms, without a bound that a hostile model respects.
        let sums = matches!(layer, Layer::Gemm(_) | Layer::Conv(_) | Layer::SumPool(_));
        if sums && summed {
            wires = wires.iter().map(|wire| name(backend, wire)).collect();
        }
        summed = sums;
        let picked = |at: usize| (wires[at].clone(), before[at]);
        wires = match layer {
            Layer::Gemm(gemm) => {
                (0..to.len()).map(|at| linear(backend, gemm.bias[at], gemm.terms(at), &wires)).collect()
            }
            Layer::Conv(conv) => (0..to.len())
                .map(|at| linear(backend, conv.bias[to.position(at).0], conv.terms(from, to, at), &wires))
                .collect(),
            Layer::SumPool(pool) => (0..to.len())
                .map(|at| {
                    let window = pool.window(from, to, at).into_iter().map(|index| (index, 1));
                    linear(backend, 0, window, &wires)
                })
                .collect(),
            Layer::MaxPool(pool) => (0..to.len())
                .filter_map(|at| max(backend, pool.window(from, to, at).into_iter().map(picked).collect()))
                .map(|(wire, _)| wire)
                .collect(),
            Layer::Requantise { shift } => {
                (0..to.len()).map(|at| requantise(backend, &wires[at], before[at], *shift)).collect()
            }
            Layer::ArgMax => {
                let all: Vec<_> = (0..from.len()).map(picked).collect();
                vec![argmax(backend, &all)]
            }
        };
    }
    let narrow = model.output_width() == 1;
    let output = wires.into_iter().map(|wire| if narrow { Part::Byte(wire) } else { Part::Word(wire) });
    bind(backend, FIRST_CHUNK, input.into_iter().map(Part::Byte).chain(output).collect());
}

/// A variable for a sum. One constraint.
fn name<B: Backend>(backend: &mut B, wire: &B::Wire) -> B::Wire {
    let named = backend.allocate(&[wire], |values| values[0]);
    let difference = backend.sum(0, &[(1, &named), (-1, wire)]);
    backend.require_zero(&difference);
    named
}

fn linear<B: Backend>(
    backend: &B,
    bias: i32,
    terms: impl Iterator<Item = (usize, i64)>,
    wires: &[B::Wire],
) -> B::Wire {
    let terms: Vec<_> = terms.map(|(at, weight)| (weight, &wires[at])).collect();
    backend.sum(bias.into(), &terms)
}
