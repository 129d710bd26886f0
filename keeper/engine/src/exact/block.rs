//! The block formats of GGUF files, opened into one form: whole numbers with a scale and a minimum.

use candle_core::quantized::GgmlDType;

use super::rows::BLOCK;

/// Thirty-two weights: `value = scale of its half · number + minimum`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Block {
    pub(super) numbers: [i8; BLOCK],
    pub(super) scales: [f32; 2],
    pub(super) minimum: f32,
}

/// How a format is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// Four bits a number where these suffice, else eight.
    pub(super) nibbles: bool,
    /// Subtracted from what is stored to get the number.
    pub(super) offset: i32,
    pub(super) minimum: bool,
    /// The two halves of a block have scales of their own.
    pub(super) halves: bool,
}

/// The form of a format; `None` for those that this engine does not compute with.
pub(super) fn form(dtype: GgmlDType) -> Option<Form> {
    let bytes = Form { nibbles: false, offset: 128, minimum: false, halves: false };
    Some(match dtype {
        GgmlDType::Q4_0 => Form { nibbles: true, offset: 8, ..bytes },
        GgmlDType::Q4_1 | GgmlDType::Q4K => Form { nibbles: true, offset: 0, minimum: true, ..bytes },
        GgmlDType::Q5_0 | GgmlDType::Q8_0 => bytes,
        GgmlDType::Q5_1 | GgmlDType::Q5K => Form { minimum: true, ..bytes },
        GgmlDType::Q6K => Form { halves: true, ..bytes },
        _ => return None,
    })
}

/// Opens block `at` of a row. `row` holds the row's bytes in a format that has a [`form`].
pub(super) fn open(dtype: GgmlDType, row: &[u8], at: usize) -> Block {
    let size = dtype.type_size();
    let per = dtype.block_size() / BLOCK;
    let (outer, inner) = (at / per, at % per);
    let bytes = &row[outer * size..(outer + 1) * size];
    match dtype {
        GgmlDType::Q4_0 => simple(half(bytes, 0), 0.0, |at| nibble(&bytes[2..], at) - 8),
        GgmlDType::Q4_1 => simple(half(bytes, 0), half(bytes, 2), |at| nibble(&bytes[4..], at)),
        GgmlDType::Q5_0 => {
            simple(half(bytes, 0), 0.0, |at| nibble(&bytes[6..], at) + (bit(&bytes[2..6], at) << 4) - 16)
        }
        GgmlDType::Q5_1 => simple(half(bytes, 0), half(bytes, 2), |at| {
            nibble(&bytes[8..], at) + (bit(&bytes[4..8], at) << 4)
        }),
        GgmlDType::Q8_0 => simple(half(bytes, 0), 0.0, |at| bytes[2 + at] as i8),
        GgmlDType::Q4K => {
            let (scale, minimum) = scale_and_minimum(bytes, inner);
            simple(scale, minimum, |at| half_of(bytes[16 + inner / 2 * 32 + at], inner % 2))
        }
        GgmlDType::Q5K => {
            let (scale, minimum) = scale_and_minimum(bytes, inner);
            simple(scale, minimum, |at| {
                let low = half_of(bytes[48 + inner / 2 * 32 + at], inner % 2);
                low + (((bytes[16 + at] >> inner & 1) as i8) << 4)
            })
        }
        _ => q6k(bytes, inner),
    }
}

fn simple(scale: f32, minimum: f32, number: impl Fn(usize) -> i8) -> Block {
    Block { numbers: std::array::from_fn(number), scales: [scale; 2], minimum }
}

/// 256 weights in 210 bytes: low nibbles, upper pairs of bits, 16 scales, one factor.
fn q6k(bytes: &[u8], inner: usize) -> Block {
    let (side, part) = (inner / 4, inner % 4);
    let factor = half(bytes, 208);
    let scale = |half: usize| factor * f32::from(bytes[192 + side * 8 + part * 2 + half] as i8);
    let numbers = std::array::from_fn(|at| {
        let low = half_of(bytes[side * 64 + part % 2 * 32 + at], part / 2);
        let high = (bytes[128 + side * 32 + at] >> (2 * part) & 3) as i8;
        low + (high << 4) - 32
    });
    Block { numbers, scales: [scale(0), scale(1)], minimum: 0.0 }
}

/// The six-bit scale and minimum of a part of a Q4_K or Q5_K block.
fn scale_and_minimum(bytes: &[u8], inner: usize) -> (f32, f32) {
    let packed = &bytes[4..16];
    let (scale, minimum) = if inner < 4 {
        (packed[inner] & 63, packed[inner + 4] & 63)
    } else {
        let low = packed[inner + 4];
        (low & 15 | packed[inner - 4] >> 6 << 4, low >> 4 | packed[inner] >> 6 << 4)
    };
    (half(bytes, 0) * f32::from(scale), -(half(bytes, 2) * f32::from(minimum)))
}

fn nibble(bytes: &[u8], at: usize) -> i8 {
    half_of(bytes[at % 16], at / 16)
}

fn half_of(byte: u8, upper: usize) -> i8 {
    (if upper == 0 { byte & 15 } else { byte >> 4 }) as i8
}

fn bit(bytes: &[u8], at: usize) -> i8 {
    (bytes[at / 8] >> (at % 8) & 1) as i8
}

/// A number of half precision, exactly.
pub(super) fn half(bytes: &[u8], at: usize) -> f32 {
    let bits = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, fraction) = (u32::from(bits >> 10 & 31), u32::from(bits & 1023));
    let magnitude = match (exponent, fraction) {
        (0, _) => (fraction as f32 * 2.0_f32.powi(-24)).to_bits(),
        (31, _) => 0x7F80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use candle_core::quantized::{QStorage, QTensor};
    use candle_core::{Device, Shape};

    use super::*;

    /// candle's own reader of the same bytes.
    fn reference(dtype: GgmlDType, bytes: &[u8]) -> Vec<f32> {
        let columns = bytes.len() / dtype.type_size() * dtype.block_size();
        let storage = QStorage::from_data(bytes.to_vec().into(), &Device::Cpu, dtype).unwrap();
        let tensor = QTensor::new(storage, Shape::from((1, columns))).unwrap();
        tensor.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn every_format_opens_to_the_values_that_candle_reads() {
        use GgmlDType::{Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
        for dtype in [Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4K, Q5K, Q6K] {
            let mut state = 7_u32;
            let mut bytes: Vec<u8> = (0..dtype.type_size() * 4)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            // Factors of a moderate size: any two bytes could be infinite.
            for block in bytes.chunks_mut(dtype.type_size()) {
                let factors: &[usize] = match dtype {
                    Q6K => &[208],
                    Q4_0 | Q5_0 | Q8_0 => &[0],
                    _ => &[0, 2],
                };
                factors.iter().for_each(|at| block[at + 1] = 0x24 | block[at + 1] & 0x83);
            }
            let expected = reference(dtype, &bytes);
            for (at, expected) in expected.chunks(BLOCK).enumerate() {
                let block = open(dtype, &bytes, at);
                for (index, expected) in expected.iter().enumerate() {
                    let scale = block.scales[index / 16];
                    let value = scale * f32::from(block.numbers[index]) + block.minimum;
                    assert!((value - expected).abs() <= 1e-6 * expected.abs().max(1e-3), "{dtype:?} {at}");
                }
            }
        }
    }

    #[test]
    fn halves_are_exact() {
        for (bits, value) in [
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x3555, 0.333_251_95),
            (0x0001, 5.960_464_5e-8),
            (0x7BFF, 65504.0),
            (0x8000, -0.0),
        ] {
            assert_eq!(half(&u16::to_le_bytes(bits), 0).to_bits(), f32::to_bits(value));
        }
        assert_eq!(half(&[0, 0x7C], 0), f32::INFINITY);
        assert!(half(&[1, 0x7C], 0).is_nan());
    }
}
