//! Amounts and shares as arguments of commands.

use std::{fmt, str::FromStr};

use alloy::primitives::U256;

use crate::config::units::{Opg, decimal};

/// An amount of OPG, exact to the wei: `100`, `0.5`, `100 OPG` or `1000 wei`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount(pub(crate) u128);

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let amount = if bare { format!("{text} OPG").parse::<Opg>() } else { text.parse::<Opg>() };
        amount.map(|amount| Self(amount.0)).map_err(|error| error.replace(" OPG` ", "` "))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Opg(self.0).fmt(f)
    }
}

/// An amount of OPG, or all that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    Of(Amount),
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        text.parse().map(Self::Of).map_err(|error: String| format!("{error}, or write `all`"))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Of(amount) => amount.fmt(f),
        }
    }
}

/// Hundredths of a percent, written as a percentage: `5%`, `2.25%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Percent(pub(crate) u16);

impl Percent {
    /// `value` less this part of it, rounded up: a bound may be too tight by a wei, never too loose.
    pub(crate) fn below(self, value: U256) -> U256 {
        let rest = U256::from(10_000_u16.saturating_sub(self.0));
        value.saturating_mul(rest).div_ceil(U256::from(10_000))
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse =
            || format!("`{text}` is not a percentage of at most two decimals; write one like 5% or 2.25%");
        let number = text.strip_suffix('%').ok_or_else(refuse)?.trim_end();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
            return Err(refuse());
        }
        let whole: u16 = whole.parse().map_err(|_| refuse())?;
        let fraction: u16 = format!("{fraction:0<2}").parse().map_err(|_| refuse())?;
        whole
            .checked_mul(100)
            .and_then(|whole| whole.checked_add(fraction))
            .filter(|bps| *bps <= 10_000)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is more than the whole; write at most 100%"))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", decimal(U256::from(self.0), 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_the_wei() {
        let wei = 10_u128.pow(18);
        for (text, expected) in [
            ("100", 100 * wei),
            ("0.000000000000000001", 1),
            ("100 OPG", 100 * wei),
            ("100opg", 100 * wei),
            ("7 wei", 7),
        ] {
            assert_eq!(text.parse::<Amount>().unwrap().0, expected, "{text}");
        }
        for text in ["", ".", "-1", "1e18", "0.0000000000000000001", "1,5", "5 ETH", "all"] {
            let error = text.parse::<Amount>().unwrap_err();
            assert!(error.contains("write an amount"), "{text}: {error}");
        }
        assert_eq!("all".parse::<Part>().unwrap(), Part::All);
    }

    #[test]
    fn percentages_are_exact_to_the_basis_point() {
        for (text, bps) in [("0%", 0), ("5%", 500), ("2.25%", 225), ("0.1 %", 10), ("100%", 10_000)] {
            assert_eq!(text.parse::<Percent>().unwrap().0, bps, "{text}");
        }
        for text in ["5", "%", "5.%", "0.001%", "101%", "-1%", "700%"] {
            assert!(text.parse::<Percent>().unwrap_err().contains(text), "{text}");
        }
    }

    #[test]
    fn a_bound_is_never_looser_than_asked_for() {
        assert_eq!(Percent(50).below(U256::from(1_000)), U256::from(995));
        assert_eq!(Percent(50).below(U256::from(1)), U256::from(1));
        assert_eq!(Percent(0).below(U256::from(7)), U256::from(7));
        assert_eq!(Percent(10_000).below(U256::from(7)), U256::ZERO);
    }
}
