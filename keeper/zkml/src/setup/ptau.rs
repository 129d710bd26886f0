//! Files of powers of tau as snarkjs writes them (`.ptau`): "ptau", a version, the number of sections; then each section
//! with its type and length. Coordinates are 32 bytes, little-endian, times 2^256, as the field has them in memory.

use std::io::{Read, Seek, SeekFrom};

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ff::{BigInt, PrimeField};

use super::error::SetupError;
use super::powers::{Powers, domain};
use crate::Circuit;

const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
const ALPHA_G1: u32 = 4;
const BETA_G1: u32 = 5;
const BETA_G2: u32 = 6;
/// More sections than any version of the format has.
const MAX_SECTIONS: u32 = 64;
/// The largest file that the format allows for has 2^28 powers.
const MAX_POWER: u32 = 28;

impl Powers {
    /// Reads as many powers as a circuit needs from a `.ptau` file, and checks that they are powers.
    ///
    /// # Errors
    /// When the file is damaged, is for another curve, or has too few powers.
    pub fn read(
        file: &mut (impl Read + Seek),
        circuit: &Circuit,
        rng: &mut impl rand::CryptoRng,
    ) -> Result<Self, SetupError> {
        let size = domain(circuit)?.size();
        let mut file = Sections::open(file)?;
        let found = file.header()?;
        let needed = (2 * size + 1).next_power_of_two().ilog2() - 1;
        if found < needed {
            return Err(SetupError::TooFewPowers { needed, found });
        }
        let powers = Self {
            tau: file.points(TAU_G1, 2 * size, first)?,
            tau2: file.points(TAU_G2, size, second)?,
            alpha: file.points(ALPHA_G1, size, first)?,
            beta: file.points(BETA_G1, size, first)?,
            beta2: file.points(BETA_G2, 1, second)?[0],
        };
        powers.check(rng)?;
        Ok(powers)
    }
}

/// Where each section of a file is.
struct Sections<'a, F> {
    file: &'a mut F,
    /// Type, position, length.
    list: Vec<(u32, u64, u64)>,
}

impl<'a, F: Read + Seek> Sections<'a, F> {
    fn open(file: &'a mut F) -> Result<Self, SetupError> {
        let start: [u8; 4] = read(file)?;
        let version = u32::from_le_bytes(read(file)?);
        let count = u32::from_le_bytes(read(file)?);
        if &start != b"ptau" || version != 1 || count > MAX_SECTIONS {
            return Err(format("it does not begin as such files do"));
        }
        let mut list = Vec::new();
        for _ in 0..count {
            let kind = u32::from_le_bytes(read(file)?);
            let length = u64::from_le_bytes(read(file)?);
            let position = file.stream_position().map_err(failed)?;
            list.push((kind, position, length));
            let next = position.checked_add(length).ok_or_else(|| format("a section is too long"))?;
            file.seek(SeekFrom::Start(next)).map_err(failed)?;
        }
        Ok(Self { file, list })
    }

    /// Goes to a section, of which there must be one, and returns its length.
    fn enter(&mut self, kind: u32) -> Result<u64, SetupError> {
        let mut found = self.list.iter().filter(|(other, _, _)| *other == kind);
        let (Some((_, position, length)), None) = (found.next(), found.next()) else {
            return Err(format(&format!("it does not have exactly one section {kind}")));
        };
        self.file.seek(SeekFrom::Start(*position)).map_err(failed)?;
        Ok(*length)
    }

    /// Checks the curve and returns how many powers there are, as a power of two.
    fn header(&mut self) -> Result<u32, SetupError> {
        self.enter(HEADER)?;
        let width = u32::from_le_bytes(read(self.file)?);
        let modulus: [u8; 32] = read(self.file)?;
        let power = u32::from_le_bytes(read(self.file)?);
        if width != 32 || limbs(&modulus) != Fq::MODULUS {
            return Err(format("it is for another curve than BN254"));
        }
        if power > MAX_POWER {
            return Err(format("it claims more powers than the curve supports"));
        }
        Ok(power)
    }

    /// The first `count` points of a section.
    fn points<P, const N: usize>(
        &mut self,
        kind: u32,
        count: usize,
        point: fn([Fq; N]) -> P,
    ) -> Result<Vec<P>, SetupError> {
        if self.enter(kind)? < (count * N * 32) as u64 {
            return Err(format(&format!("section {kind} is too short")));
        }
        let mut file = std::io::BufReader::new(&mut *self.file);
        (0..count)
            .map(|_| {
                let mut words = [Fq::from(0u64); N];
                for word in &mut words {
                    let value = limbs(&read(&mut file)?);
                    if value >= Fq::MODULUS {
                        return Err(format("a coordinate is not below the field's modulus"));
                    }
                    *word = Fq::new_unchecked(value);
                }
                Ok(point(words))
            })
            .collect()
    }
}

/// Whether it is on the curve is checked with all others.
fn first([x, y]: [Fq; 2]) -> G1Affine {
    G1Affine::new_unchecked(x, y)
}

fn second([x0, x1, y0, y1]: [Fq; 4]) -> G2Affine {
    G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1))
}

fn limbs(bytes: &[u8; 32]) -> BigInt<4> {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(bytes.as_chunks().0) {
        *limb = u64::from_le_bytes(*bytes);
    }
    BigInt(limbs)
}

fn read<const N: usize>(file: &mut impl Read) -> Result<[u8; N], SetupError> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn format(reason: &str) -> SetupError {
    SetupError::Format { expected: "file of powers of tau (.ptau)", reason: reason.to_owned() }
}

fn failed(source: std::io::Error) -> SetupError {
    SetupError::Io { what: "the powers of tau cannot be read", source }
}
