//! Values with units: durations, amounts of money, addresses. Each refuses what it does not understand and says what
//! it would accept.

use std::{fmt, str::FromStr, time::Duration};

use alloy::primitives::{Address, U256, utils::parse_units};
use serde::{Deserialize, Deserializer, de};

/// A length of time, written with its unit: `500ms`, `12s`, `5m`, `1h`, `2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    /// `seconds` seconds.
    pub(crate) const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "`{text}` is not a duration; write a whole number with a unit, like 500ms, 12s, 5m, 1h or 2d"
            )
        };
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let number: u64 = text[..digits].parse().map_err(|_| refuse())?;
        let millis = match text[digits..].trim() {
            "ms" => Some(number),
            "s" => number.checked_mul(1_000),
            "m" => number.checked_mul(60_000),
            "h" => number.checked_mul(3_600_000),
            "d" => number.checked_mul(86_400_000),
            _ => return Err(refuse()),
        };
        millis.map(|millis| Self(Duration::from_millis(millis))).ok_or_else(refuse)
    }
}

/// An amount of OPG, written with its unit: `1.5 OPG` or `1000 wei`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Opg(pub(crate) u128);

impl FromStr for Opg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "1.5 OPG or 1000 wei";
        let wei = amount(text, &[("OPG", 18), ("wei", 0)], example)?;
        wei.try_into()
            .map(Self)
            .map_err(|_| format!("`{text}` is more OPG than can exist; write an amount like {example}"))
    }
}

impl fmt::Display for Opg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} OPG", decimal(U256::from(self.0), 18))
    }
}

/// An amount of the chain's own currency, written with its unit: `0.01 ETH`, `5 gwei` or `1000 wei`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Eth(pub(crate) U256);

impl Eth {
    /// `gwei` × 10⁹ wei.
    pub(crate) fn gwei(gwei: u64) -> Self {
        Self(U256::from(gwei) * U256::from(1_000_000_000u64))
    }
}

impl FromStr for Eth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        amount(text, &[("ETH", 18), ("gwei", 9), ("wei", 0)], "0.01 ETH, 5 gwei or 1000 wei").map(Self)
    }
}

impl fmt::Display for Eth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ETH", decimal(self.0, 18))
    }
}

fn amount(text: &str, units: &[(&str, u8)], example: &str) -> Result<U256, String> {
    let refuse = |why: &str| format!("`{text}` {why}; write an amount with its unit, like {example}");
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(|| refuse("has no unit"))?;
    let unit = text[split..].trim();
    let (_, decimals) = units
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))
        .ok_or_else(|| refuse("is not an amount in a known unit"))?;
    let number = &text[..split];
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(refuse("is not a number"));
    }
    let fraction = number.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    if fraction > usize::from(*decimals) {
        return Err(refuse("has more decimals than the unit"));
    }
    parse_units(number, *decimals).map(Into::into).map_err(|_| refuse("is not a number"))
}

/// Writes `value` / 10^`decimals` without trailing zeros.
pub(crate) fn decimal(value: U256, decimals: u8) -> String {
    let text = value.to_string();
    let decimals = usize::from(decimals);
    let padded = format!("{text:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// An address whose EIP-55 checksum was written and is right, so that a mistyped character cannot pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksummed(pub(crate) Address);

impl FromStr for Checksummed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address: Address = text
            .parse()
            .map_err(|_| format!("`{text}` is not an address; write 0x and 40 hexadecimal digits"))?;
        let right = address.to_checksum(None);
        if text == right {
            return Ok(Self(address));
        }
        let digits = text.trim_start_matches("0x");
        let one_case = digits == digits.to_lowercase() || digits == digits.to_uppercase();
        Err(if one_case {
            format!("`{text}` has no checksum; write it as {right} after comparing it with its source")
        } else {
            format!("`{text}` has a wrong checksum, so a character is wrong; copy it again from its source")
        })
    }
}

/// One or several endpoints: a list, or one string with commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoints(pub(crate) Vec<String>);

impl Endpoints {
    fn checked(urls: Vec<String>) -> Result<Self, String> {
        if urls.is_empty() {
            return Err("names no endpoint; write at least one URL like http://127.0.0.1:8545".to_owned());
        }
        for url in &urls {
            // The URL itself stays out of the message unless it is short of being one: it may hold a provider's key.
            url.parse::<opg_chain::rpc::EndpointUrl>().map_err(|error| error.to_string())?;
        }
        Ok(Self(urls))
    }
}

impl FromStr for Endpoints {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::checked(
            text.split(',').map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()).collect(),
        )
    }
}

impl<'de> Deserialize<'de> for Endpoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Endpoints;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a URL or a list of URLs")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Endpoints, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Endpoints, A::Error> {
                let mut urls = Vec::new();
                while let Some(url) = list.next_element::<String>()? {
                    urls.push(url);
                }
                Endpoints::checked(urls).map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// An amount of memory, written with its unit: `512 MiB` or `4 GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "`{text}` is not an amount of memory; write a whole number with a unit, like 512 MiB or 4 GiB"
            )
        };
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let number: u64 = text[..digits].parse().map_err(|_| refuse())?;
        let unit = match text[digits..].trim() {
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(refuse()),
        };
        number.checked_mul(unit).map(Self).ok_or_else(refuse)
    }
}

macro_rules! deserialize_from_str {
    ($($type:ty),*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}
deserialize_from_str!(Span, Opg, Eth, Checksummed, Size);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!("500ms".parse(), Ok(Span(Duration::from_millis(500))));
        assert_eq!("2d".parse(), Ok(Span(Duration::from_secs(172_800))));
        for bad in ["", "5", "s", "-1s", "1.5s", "1w", "99999999999999999999s"] {
            let error = bad.parse::<Span>().unwrap_err();
            assert!(error.contains("500ms"), "{error}");
        }
    }

    #[test]
    fn amounts_need_a_unit_and_keep_every_digit() {
        assert_eq!("1.5 OPG".parse(), Ok(Opg(1_500_000_000_000_000_000)));
        assert_eq!("0.000000000000000001 opg".parse(), Ok(Opg(1)));
        assert_eq!("7 wei".parse(), Ok(Opg(7)));
        assert_eq!("5gwei".parse(), Ok(Eth::gwei(5)));
        for bad in ["1", "1.5 wei", "1 ETH", "OPG", "1.2.3 OPG", "-1 OPG", "0.0000000000000000001 OPG"] {
            assert!(bad.parse::<Opg>().is_err(), "{bad}");
        }
    }

    #[test]
    fn amounts_print_as_they_parse() {
        for text in ["0 OPG", "0.000000000000000001 OPG", "1.5 OPG", "1000000000 OPG"] {
            assert_eq!(text.parse::<Opg>().map(|amount| amount.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn addresses_need_their_checksum() {
        let right = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert!(right.parse::<Checksummed>().is_ok());
        let lower = right.to_lowercase().parse::<Checksummed>().unwrap_err();
        assert!(lower.contains(right), "{lower}");
        let wrong = right.replace("aad8", "aaD8").parse::<Checksummed>().unwrap_err();
        assert!(wrong.contains("copy it again"), "{wrong}");
        assert!("0x12".parse::<Checksummed>().is_err());
    }

    #[test]
    fn endpoints_are_a_string_or_a_list() {
        assert_eq!(
            "http://a:1, https://b".parse(),
            Ok(Endpoints(vec!["http://a:1".into(), "https://b".into()]))
        );
        assert!("ftp://a".parse::<Endpoints>().is_err());
        assert!("".parse::<Endpoints>().is_err());
    }
}
