use ark_bn254::Fr;
use ark_ff::{PrimeField, Zero};
use rand::CryptoRng;

/// A field element that nobody can guess. 64 bytes leave no measurable bias; zero is drawn again.
pub(crate) fn random(rng: &mut impl CryptoRng) -> Fr {
    loop {
        let mut bytes = [0; 64];
        rng.fill_bytes(&mut bytes);
        let scalar = Fr::from_le_bytes_mod_order(&bytes);
        if !scalar.is_zero() {
            return scalar;
        }
    }
}
