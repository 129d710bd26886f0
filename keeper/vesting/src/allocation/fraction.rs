//! Exact parts of a whole.

use crate::schedule::share;

/// A fraction between zero and one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    numerator: u32,
    denominator: u32,
}

impl Fraction {
    /// `numerator / denominator`, if that is defined and at most one.
    #[must_use]
    pub const fn new(numerator: u32, denominator: u32) -> Option<Self> {
        if denominator == 0 || numerator > denominator { None } else { Some(Self { numerator, denominator }) }
    }

    /// The fraction of `amount`, rounded down.
    #[must_use]
    pub fn of(self, amount: u128) -> u128 {
        share(amount, self.numerator.into(), self.denominator.into())
    }

    /// Whether it is everything.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.numerator == self.denominator
    }
}

/// Reads `1/3`.
pub(super) fn parse(text: &str) -> Result<Fraction, String> {
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<u32>().ok() } else { None }
    };
    let (numerator, denominator) = text
        .split_once('/')
        .and_then(|(numerator, denominator)| Some((number(numerator)?, number(denominator)?)))
        .ok_or_else(|| format!("{text:?} is no fraction; write it as in \"1/3\""))?;
    Fraction::new(numerator, denominator).ok_or_else(|| {
        format!("{text:?} is not between 0 and 1; tokens beyond the category cannot be released")
    })
}
