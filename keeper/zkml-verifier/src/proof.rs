use ark_bn254::{G1Affine, G2Affine};

/// A proof: three points, 256 bytes on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// A, in the first group.
    pub a: G1Affine,
    /// B, in the second.
    pub b: G2Affine,
    /// C, in the first.
    pub c: G1Affine,
}

impl Proof {
    /// Whether the points lie in their groups. The first group is its whole curve.
    pub fn is_sound(&self) -> bool {
        self.a.is_on_curve()
            && self.c.is_on_curve()
            && self.b.is_on_curve()
            && self.b.is_in_correct_subgroup_assuming_on_curve()
    }
}
